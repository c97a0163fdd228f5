import { deferred } from '../deferred.ts';
import { HarnessError } from '../errors.ts';
import type { Session } from './session.ts';
import { disposeSession } from './workdir.ts';

/** A session that nobody asks for or reads is ended after this long. */
const TTL_MS = 60 * 60_000;
/** Each may hold an engine's program and 16 MiB of events. */
const MAX_SESSIONS = 256;
/** A longer timer would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** How long sessions are kept, and who ends them. */
export interface RegistryInit {
  readonly ttlMs?: number | undefined;
  /** How many there are at most, ended ones included. */
  readonly maxSessions?: number | undefined;
  /** Told a session that is no longer in the registry, because its time is over or its room is needed. */
  readonly onExpired: (session: Session) => void;
}

interface Entry {
  readonly session: Session;
  readonly timer: NodeJS.Timeout;
}

/** The sessions of this harness, by id. */
export class SessionRegistry {
  /** The one that was used last comes last. */
  readonly #entries = new Map<string, Entry>();
  readonly #reserved = new Map<string, Promise<void>>();
  /** Out of the registry, with files that are still to be removed. */
  readonly #going = new Set<Promise<void>>();
  readonly #ttlMs: number;
  readonly #max: number;
  readonly #onExpired: (session: Session) => void;

  constructor({ ttlMs = TTL_MS, maxSessions = MAX_SESSIONS, onExpired }: RegistryInit) {
    // With NaN there would be room for nobody, and the reason told for it would make no sense.
    if (!(maxSessions >= 1)) throw new TypeError(`maxSessions is ${maxSessions}: give a number from 1`);
    this.#max = maxSessions;
    this.#ttlMs = Math.min(ttlMs, MAX_TIMER_MS);
    this.#onExpired = onExpired;
  }

  /** The session, whose time begins anew, or 404. */
  get(id: string): Session {
    const entry = this.#entries.get(id);
    if (!entry) throw sessionNotFound(id);
    this.#use(id, entry);
    return entry.session;
  }

  /** Begins a session's time anew, if it is still here. */
  touch(session: Session): void {
    const entry = this.#entries.get(session.init.id);
    if (entry?.session === session) this.#use(session.init.id, entry);
  }

  /** True for an id that no new session can have. */
  isTaken(id: string): boolean {
    return this.#reserved.has(id) || this.#entries.get(id)?.session.live === true;
  }

  /**
   * Keeps an id for a session that is being made; to be released when that fails.
   * A live session's id is refused: replacing it would leave its engine running, unreachable.
   * Where all room is taken, the ended session that was not used for the longest time gives way.
   */
  reserve(id: string): Disposable {
    if (this.isTaken(id)) throw new HarnessError('CONFLICT', 409, `session ${id} exists already`);
    this.#makeRoomFor(id);
    const { promise, resolve } = deferred<void>();
    this.#reserved.set(id, promise);
    const release = (): void => {
      this.#reserved.delete(id);
      resolve();
    };
    return { [Symbol.dispose]: release };
  }

  /** Resolves when every session that was being made is made or has failed, and those that are to go are gone. */
  async settled(): Promise<void> {
    await Promise.all(this.#reserved.values());
    await Promise.allSettled(this.#going);
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

  /** Takes a session out, ends it, and removes its files. */
  async dispose(session: Session): Promise<void> {
    this.remove(session);
    const gone = disposeSession(session);
    this.#going.add(gone);
    try {
      await gone;
    } finally {
      this.#going.delete(gone);
    }
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

  #use(id: string, entry: Entry): void {
    entry.timer.refresh();
    this.#entries.delete(id);
    this.#entries.set(id, entry);
  }

  #makeRoomFor(id: string): void {
    // An ended session of this id is replaced, and one that is being replaced has its room already.
    const coming = [...this.#reserved.keys(), id].filter((other) => !this.#entries.has(other));
    if (this.#entries.size + coming.length <= this.#max) return;
    const sessions = [...this.#entries.values()].map(({ session }) => session);
    const oldest = sessions.find(({ live, used }) => !live && !used);
    if (!oldest) throw tooMany(this.#max);
    this.remove(oldest);
    this.#onExpired(oldest);
  }

  #expire(session: Session): void {
    // Whoever follows a session uses it, however long nothing happens.
    if (session.used) this.touch(session);
    else if (this.remove(session)) this.#onExpired(session);
  }
}

/** The rejection of an id that names nothing, or nothing of whoever asks. */
export function sessionNotFound(id: string): HarnessError {
  return new HarnessError('NOT_FOUND', 404, `session ${id} not found`);
}

function tooMany(max: number): HarnessError {
  const hint = 'end one with DELETE /v1/sessions/:id, or wait until one has ended';
  return new HarnessError('TOO_MANY_SESSIONS', 429, `this harness has its ${max} sessions: ${hint}`, {
    details: { maxSessions: max },
  });
}
