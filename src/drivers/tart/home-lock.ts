import { access, constants, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { VzvmError } from '../../errors.ts';
import type { LogLine } from '../driver.ts';
import { withLock } from '../lock.ts';
import { Mutex } from '../mutex.ts';

/** Longer than others clone; a dead one's lock is broken at once. */
const WAIT_MS = 10 * 60_000;
const FILE = '.vzvm.lock';

const queues = new Map<string, Mutex>();
const never = new AbortController().signal;

/**
 * One lock for each Tart home, in this process and across processes: clone, the start of run and list read all VMs, and
 * fail when one goes meanwhile, which delete takes no lock of Tart's own for.
 */
export class HomeLock {
  readonly #home: string;
  readonly #log: LogLine;
  readonly #queue: Mutex;

  constructor(home: string, log: LogLine) {
    this.#home = home;
    this.#log = log;
    this.#queue = queues.get(home) ?? new Mutex();
    queues.set(home, this.#queue);
  }

  /** Runs `work` alone. Waiting for it ends with the signal; the work itself has to look at it. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal = never): Promise<T> {
    const turn = Promise.withResolvers<void>();
    const abort = () => turn.reject(new VzvmError('ABORTED', 'waiting for Tart was cancelled'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    const lock = {
      signal,
      timeoutMs: WAIT_MS,
      log: () => this.#log('waiting for another program that uses Tart'),
    };
    const result = this.#queue.run(async () => {
      signal.removeEventListener('abort', abort);
      turn.resolve();
      await this.#demandHome();
      return withLock(join(this.#home, FILE), lock, work);
    });
    result.catch(() => undefined); // Told by the return below, unless nobody waits any more.
    await turn.promise;
    return result;
  }

  async #demandHome(): Promise<void> {
    try {
      await mkdir(this.#home, { recursive: true });
      await access(this.#home, constants.W_OK);
    } catch (cause) {
      throw new VzvmError('PERMISSION_DENIED', `Tart's folder ${this.#home} cannot be written to`, {
        facts: { path: this.#home },
        hint: `look with: ls -ld ${this.#home}; or set TART_HOME to another folder`,
        cause,
      });
    }
  }
}
