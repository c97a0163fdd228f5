import { Recorder } from './recorder.ts';
import type { Redact } from './redact.ts';
import { InspectorServer, type ServerOptions } from './server/server.ts';

/** How VMs are inspected. */
export interface InspectorSettings extends ServerOptions {
  readonly redact?: Redact | undefined;
}

/** Records what happens to VMs, and shows it on a page of its own. */
export class Inspector {
  readonly recorder: Recorder;
  readonly #server: InspectorServer;

  constructor({ redact, ...server }: InspectorSettings = {}) {
    this.recorder = new Recorder({ redact });
    this.#server = new InspectorServer({ kind: 'live', recorder: this.recorder }, server);
  }

  /** The page's address, once it listens. Whoever has it may look. */
  get url(): string {
    return this.#server.url;
  }

  /**
   * Serves the page.
   * @throws VzvmError PORT_TAKEN.
   */
  listen(): Promise<string> {
    return this.#server.listen();
  }

  /** Tells viewers the rest, and frees the port. */
  close(): Promise<void> {
    return this.#server.close();
  }
}
