import { deferred } from '../deferred.ts';
import { HarnessError } from '../errors.ts';
import type { Session } from './session.ts';

/** The sessions of this harness, by id. */
export class SessionRegistry {
  readonly #sessions = new Map<string, Session>();
  readonly #reserved = new Map<string, Promise<void>>();

  /** The session, or 404. */
  get(id: string): Session {
    const session = this.#sessions.get(id);
    if (!session) throw new HarnessError('NOT_FOUND', 404, `session ${id} not found`);
    return session;
  }

  /**
   * Keeps an id for a session that is being made; to be released when that fails.
   * A live session's id is refused: replacing it would leave its engine running, unreachable.
   */
  reserve(id: string): Disposable {
    if (this.#reserved.has(id) || this.#sessions.get(id)?.live === true) {
      throw new HarnessError('CONFLICT', 409, `session ${id} exists already`);
    }
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

  /** Adds a session. Returns the ended one that had the same id, if any. */
  add(session: Session): Session | undefined {
    const previous = this.#sessions.get(session.init.id);
    this.#sessions.set(session.init.id, session);
    return previous;
  }

  /** Takes a session out, or 404. */
  remove(id: string): Session {
    const session = this.get(id);
    this.#sessions.delete(id);
    return session;
  }

  /** Takes all out. */
  clear(): readonly Session[] {
    const all = [...this.#sessions.values()];
    this.#sessions.clear();
    return all;
  }
}
