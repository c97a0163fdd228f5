import { scriptedEngine } from '../helpers/scripted-engine.ts';

/** Engine of the conformance suite: answers each message, and asks before it does when the message says so. */
export const mock = scriptedEngine(async ({ input, message, usage, askPermission }) => {
  for await (const { content } of input) {
    if (content === PERMISSION_TURN) {
      const call = { callId: 'call/1 ä', toolName: 'Write', input: { path: 'x' }, risk: 'medium' as const };
      message({ type: 'assistant', answer: await askPermission(call) });
    }
    usage({ inputTokens: 1 });
    message({ type: 'result', subtype: 'success' });
  }
});

export const PERMISSION_TURN = 'ask me';

/** What the engine's messages are called. */
export const TURNS = { turn: 'hello', permissionTurn: PERMISSION_TURN } as const;
