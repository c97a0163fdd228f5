import type { LogLine } from '../drivers/driver.ts';
import type { TraceOptions } from './inspection/options.ts';
import { Feed, Recorder, type Redact, TraceWriter } from '../inspector/index.ts';

/** The trace of one substrate: all that happens to its VMs, in a file. Trouble with it is a line in the log. */
export class Tracing {
  readonly recorder: Recorder;
  readonly #writer: TraceWriter;
  readonly #feed: Feed;

  /** `shared`: what the page hides, which a trace that has no say of its own hides as well. */
  constructor(options: string | TraceOptions, shared: Redact | undefined, log: LogLine) {
    const { path, redact = shared }: TraceOptions = typeof options === 'string' ? { path: options } : options;
    this.recorder = new Recorder({ redact });
    this.#writer = new TraceWriter({ path, onProblem: log });
    this.#feed = new Feed(this.recorder, this.#writer, { forgets: true });
    // Its sink never rejects.
    void this.#feed.run();
  }

  /** Resolves when all that has happened by now is in the file, or cannot be. */
  flush(): Promise<void> {
    return this.#feed.flush();
  }

  /** Writes the rest, and closes the file. */
  async dispose(): Promise<void> {
    this.#feed.stop();
    await this.#feed.flush();
    await this.#writer.close();
  }
}
