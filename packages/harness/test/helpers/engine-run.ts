import type { UserMessage } from '@computeragent/protocol';
import type { EngineRun } from '../../src/engine/engine.ts';

/** A run of an engine, without a session around it: it says nothing and is denied everything. */
export function engineRun(change: Partial<EngineRun> = {}): EngineRun {
  return {
    sessionId: 's',
    cwd: '/workdir',
    env: {},
    options: {},
    humanInTheLoop: 'none',
    input: inputOf(),
    signal: new AbortController().signal,
    message: () => undefined,
    usage: () => undefined,
    askPermission: async () => ({ behavior: 'deny', message: '', interrupt: false }),
    log: () => undefined,
    ...change,
  };
}

/** Messages of the user, all there from the beginning. */
export async function* inputOf(...texts: readonly string[]): AsyncGenerator<UserMessage, void> {
  for (const content of texts) yield { role: 'user', content };
}
