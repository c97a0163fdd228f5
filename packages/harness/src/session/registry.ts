import { deferred } from '../deferred.ts';
import { HarnessError } from '../errors.ts';
import type { Session } from './session.ts';

/** A session that nobody asks for or reads is ended after this long. */
const TTL_MS = 60 * 60_000;
/** A longer timer would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** How long sessions are kept, and who ends them. */
export interface RegistryInit {
  readonly ttlMs?: number | undefined;
  /** Told a session that is no longer in the registry, because its time is over. */
  readonly onExpired: (session: Session) => void;
}

interface Entry {
  readonly session: Session;
  readonly timer: NodeJS.Timeout;
}

/** The sessions of this harness, by id. */
export class SessionRegistry {
  readonly #entries = new Map<string, Entry>();
  readonly #reserved = new Map<string, Promise<void>>();
  readonly #ttlMs: number;
  readonly #onExpired: (session: Session) => void;

  constructor({ ttlMs = TTL_MS, onExpired }: RegistryInit) {
    this.#ttlMs = Math.min(ttlMs, MAX_TIMER_MS);
    this.#onExpired = onExpired;
  }

  /** The session, whose time begins anew, or 404. */
  get(id: string): Session {
    const entry = this.#entries.get(id);
    if (!entry) throw sessionNotFound(id);
    entry.timer.refresh();
    return entry.session;
  }

  /** Begins a session's time anew, if it is still here. */
  touch(session: Session): void {
    const entry = this.#entries.get(session.init.id);
    if (entry?.session === session) entry.timer.refresh();
  }

  /** True for an id that no new session can have. */
  isTaken(id: string): boolean {
    return this.#reserved.has(id) || this.#entries.get(id)?.session.live === true;
  }

  /**
   * Keeps an id for a session that is being made; to be released when that fails.
   * A live session's id is refused: replacing it would leave its engine running, unreachable.
   */
  reserve(id: string): Disposable {
    if (this.isTaken(id)) throw new HarnessError('CONFLICT', 409, `session ${id} exists already`);
    const { promise, resolve } = deferred<void>();
    this.#reserved.set(id, promise);
    const release = (): void => {
      this.#reserved.delete(id);
      resolve();
    };
    return { [Symbol.dispose]: release };
  }

  /** Resolves when every session that was being made is made or has failed. */
  async settled(): Promise<void> {
    await Promise.all(this.#reserved.values());
  }

  /** Adds a session under an id that nobody has. */
  add(session: Session): void {
    const timer = setTimeout(() => this.#expire(session), this.#ttlMs);
    timer.unref();
    this.#entries.set(session.init.id, { session, timer });
  }

  /** Takes a session out, unless another one has its id by now. Answers whether it was there. */
  remove(session: Session): boolean {
    const entry = this.#entries.get(session.init.id);
    if (entry?.session !== session) return false;
    clearTimeout(entry.timer);
    return this.#entries.delete(session.init.id);
  }

  /** Takes out the one with this id, if any. */
  take(id: string): Session | undefined {
    const session = this.#entries.get(id)?.session;
    if (session) this.remove(session);
    return session;
  }

  /** Takes all out. */
  clear(): readonly Session[] {
    const all = [...this.#entries.values()].map(({ session }) => session);
    for (const session of all) this.remove(session);
    return all;
  }

  #expire(session: Session): void {
    // Whoever reads a session's events uses it, however long nothing happens.
    if (session.attended) this.touch(session);
    else if (this.remove(session)) this.#onExpired(session);
  }
}

/** The rejection of an id that names nothing, or nothing of whoever asks. */
export function sessionNotFound(id: string): HarnessError {
  return new HarnessError('NOT_FOUND', 404, `session ${id} not found`);
}
