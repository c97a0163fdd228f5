import { messageOf } from '../../errors.ts';
import type { LogLine } from '../../drivers/driver.ts';
import { Inspector, type Recorder } from '../../inspector/index.ts';
import { quietly } from '../quietly.ts';
import { openInspector } from './open-inspector.ts';
import type { InspectorOptions } from './options.ts';

/** The inspector of this process: one page shows the VMs of all substrates. */
interface Shared {
  readonly inspector: Inspector;
  readonly listening: Promise<string>;
  users: number;
}

let shared: Shared | undefined;

/** One substrate's part in the inspector. */
export class Inspection {
  readonly recorder: Recorder;
  readonly #shared: Shared;
  #opened: Promise<() => Promise<void>> | undefined;
  #ended: Promise<void> | undefined;

  /** Serves the page, unless another substrate does already: the settings of the first one count. */
  constructor(options: InspectorOptions, log: LogLine) {
    shared ??= start(options);
    this.#shared = shared;
    this.#shared.users += 1;
    this.recorder = this.#shared.inspector.recorder;
    const notOpened = (why: string) => log(`the inspector's page cannot be opened: ${why}`);
    if (options.open === true) {
      this.#opened = this.#shared.listening.then((url) => openInspector(url, notOpened));
      // That there is no page is told below.
      this.#opened.catch((error: unknown) =>
        this.#shared.listening.then(
          () => notOpened(messageOf(error)),
          () => undefined,
        ),
      );
    }
    this.#shared.listening.then(
      (url) => quietly(() => (options.onUrl ?? announce)(url)),
      (error: unknown) => log(`there is no inspector: ${messageOf(error)}`),
    );
  }

  /**
   * The page's address, once it is served.
   * @throws VzvmError PORT_TAKEN.
   */
  get url(): Promise<string> {
    return this.#shared.listening;
  }

  /** Frees the port, with the last substrate that has a part in it. Viewers are told the rest first. */
  dispose(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    await this.#opened?.then((remove) => remove()).catch(() => undefined); // Nothing was opened.
    this.#shared.users -= 1;
    if (this.#shared.users > 0) return;
    if (shared === this.#shared) shared = undefined;
    await this.#shared.listening.catch(() => undefined); // Told when it failed.
    await this.#shared.inspector.close();
  }
}

function start({ port, stately, redact }: InspectorOptions): Shared {
  const inspector = new Inspector({ port, stately, redact });
  return { inspector, listening: inspector.listen(), users: 0 };
}

/** As Node tells where its own inspector listens. */
const announce = (url: string): void => void process.stderr.write(`inspector: ${url}\n`);
