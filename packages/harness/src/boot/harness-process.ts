import type { HarnessApp } from '../app.ts';
import { messageOf, systemCode } from '../errors.ts';
import { type Log, processLog, Secrets } from '../log.ts';
import { EXIT } from './exit-codes.ts';
import { Lifeline } from './lifeline.ts';
import { listen, type Listening } from './listen.ts';

/** A shutdown that takes longer is ended: whoever asked waits three seconds, then kills. */
const SHUTDOWN_MS = 2_500;

/** This process as a harness: what it says, and how it ends. */
export class HarnessProcess {
  readonly secrets = new Secrets();
  readonly log: Log = processLog(this.secrets.redact);
  readonly #ending = new AbortController();
  #listening: Listening | undefined;
  #lifeline: Lifeline | undefined;
  #begun: Promise<unknown> | undefined;

  constructor() {
    process.on('SIGTERM', () => this.end(0));
    process.on('SIGINT', () => this.end(0));
    // A stray rejection inside the engine's SDK is one session's trouble: the others and the files stay reachable.
    process.on('unhandledRejection', (reason) => this.log('unhandled', { message: messageOf(reason) }));
  }

  /** From now on it ends when its standard input does. */
  holdLifeline(): void {
    this.#lifeline = new Lifeline(process.stdin, () => this.end(0));
  }

  /** Does what leaves something behind when it is cut off: it is told when the process is to end, and waited for. */
  during<T>(work: (ending: AbortSignal) => Promise<T>): Promise<T> {
    const begun = work(this.#ending.signal);
    this.#begun = begun.catch(() => undefined); // Told to whoever asked for it.
    return begun;
  }

  /** Rejects with the system's error when it cannot listen there. */
  async serve(app: HarnessApp, host: string, port: number): Promise<Listening> {
    this.#listening = await listen(app, host, port);
    return this.#listening;
  }

  /** Ends the sessions and the connections, then the process. The first reason holds. */
  readonly end = (exitCode: number): void => {
    if (this.#ending.signal.aborted) return;
    setTimeout(() => void this.#leave(exitCode || 1), SHUTDOWN_MS).unref();
    this.#ending.abort();
    Promise.all([this.#listening?.close(), this.#begun]).then(() => this.#leave(exitCode), this.fail);
  };

  /** Ends the process at once, with one line that says why. */
  readonly fail = (error: unknown): void => {
    const taken = systemCode(error) === 'EADDRINUSE';
    const code = taken ? 'PORT_TAKEN' : 'INTERNAL';
    process.stderr.write(`${JSON.stringify({ event: 'failed', code, message: messageOf(error) })}\n`);
    process.exit(taken ? EXIT.portTaken : EXIT.failed);
  };

  async #leave(exitCode: number): Promise<void> {
    try {
      await this.#lifeline?.endChildren();
    } finally {
      process.exit(exitCode);
    }
  }
}
