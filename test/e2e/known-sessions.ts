import type { VmSession } from '../../src/actors/index.ts';
import type * as sessionModule from '../../src/substrate/session.ts';

type SessionModule = typeof sessionModule;

/** The sessions of this test's VMs, by their names: nothing else knows how to log in to a guest. */
export const sessions = new Map<string, VmSession>();

/** The module that makes sessions, which are looked at alone. */
export function knowing(actual: SessionModule): SessionModule {
  const createSession: SessionModule['createSession'] = (parts) => {
    const session = actual.createSession(parts);
    sessions.set(session.name, session);
    return session;
  };
  return { ...actual, createSession };
}
