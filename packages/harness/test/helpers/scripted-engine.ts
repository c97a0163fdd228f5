import type { Engine, EngineOutcome, EngineRun } from '../../src/engine/engine.ts';

/** An engine that does what the test says. */
export function scriptedEngine(run: (run: EngineRun) => Promise<EngineOutcome | void>): Engine {
  return {
    name: 'scripted',
    capabilities: {
      streamingInput: true,
      partialMessages: false,
      permissionCallback: true,
      sessions: false,
      budget: false,
    },
    run: async (engineRun) => (await run(engineRun)) ?? 'complete',
  };
}

/** Says back each message, then ends the turn. */
export const echo = scriptedEngine(async ({ input, message, usage }) => {
  for await (const { content } of input) {
    message({ type: 'assistant', content });
    usage({ inputTokens: 1 });
    message({ type: 'result', subtype: 'success' });
  }
});

/** Runs until it is cancelled. */
export const endless = scriptedEngine(async ({ signal }) => {
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
});
