import type { Engine, TranscriptStore } from '@computeragent/harness';

const KEY = { projectKey: 'p', sessionId: 'engine' };

/**
 * An engine that knows a conversation by its store: it remembers a number, writes a file when it is asked to and was
 * allowed to, and waits until it is cancelled when it is told to wait.
 */
export function rememberingEngine(name: string): Engine {
  return {
    name,
    capabilities: {
      streamingInput: true,
      partialMessages: false,
      permissionCallback: true,
      sessions: true,
      budget: false,
    },
    async run({ input, signal, askPermission, message, usage, store }) {
      let cost = 0;
      for await (const { content } of input) {
        const text = content as string;
        if (text === 'Wait') await new Promise((resolve) => signal.addEventListener('abort', resolve));
        if (signal.aborted) return 'complete';
        if (text.startsWith('Write')) {
          const call = {
            callId: 'c',
            toolName: 'Write',
            input: { path: 'hello.md' },
            risk: 'medium' as const,
          };
          message({ type: 'assistant', answer: await askPermission(call) });
        }
        await store?.append(KEY, [{ type: 'user', uuid: crypto.randomUUID(), text }]);
        usage({ outputTokens: 1, costUsd: (cost += 0.1), costSemantic: 'cumulative' });
        message({ type: 'result', result: text === 'Which number?' ? await numberIn(store) : text });
      }
      return 'complete';
    },
  };
}

async function numberIn(store: TranscriptStore | undefined): Promise<string> {
  const entries = (await store?.load(KEY)) ?? [];
  return /\d+/.exec(entries.map(({ text }) => String(text)).join(' '))?.[0] ?? 'none';
}
