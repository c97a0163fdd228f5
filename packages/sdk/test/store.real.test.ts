import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, gitAgentProtocolLoader, listen } from '@computeragent/harness';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ComputerAgent, hostFileStore, type Substrate } from '../src/index.ts';
import { rememberingEngine } from './helpers/remembering-engine.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sdk-resume-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Boots the real harness, each time another one with nothing of those before; `kill` is a harness that dies. */
function machines(): Substrate & { readonly boots: number; kill(): Promise<void> } {
  let boots = 0;
  let close: () => Promise<void> = async () => undefined;
  return {
    get boots() {
      return boots;
    },
    kill: () => close(),
    async bootHarness() {
      boots += 1;
      const app = createApp({
        engines: [rememberingEngine('remembering')],
        loaders: [gitAgentProtocolLoader()],
        workdirBase: join(folder, `machine-${boots}`),
      });
      const server = await listen(app, '127.0.0.1', 0);
      close = () => server.close();
      return { baseUrl: `http://127.0.0.1:${server.port}`, shutdown: close };
    },
  };
}

const agentIn = (runtime: Substrate) =>
  new ComputerAgent({
    source: { type: 'inline', manifest: { name: 'n', version: '1.0.0' } },
    harness: 'remembering',
    sessionId: 'my-conversation',
    sessionStore: hostFileStore(join(folder, 'store')),
    runtime,
    reconnect: { attempts: 1, pauseMs: 1 },
  });

describe('a conversation that is kept on the host', () => {
  it('goes on in another machine', async () => {
    const runtime = machines();
    const first = agentIn(runtime);
    await first.chat('Remember 42');
    await first.dispose();
    const second = agentIn(runtime);
    expect((await second.chat('Which number?')).messages).toEqual([{ type: 'result', result: '42' }]);
    await second.dispose();
    await using third = agentIn(runtime);
    expect((await third.chat('Which number?')).messages).toEqual([{ type: 'result', result: '42' }]);
    expect(runtime.boots).toBe(3);
  });

  it('goes on in the same machine after a cancel, and after newSession', async () => {
    const runtime = machines();
    await using agent = agentIn(runtime);
    await agent.chat('Remember 7');
    const waiting = agent.chat('Wait');
    for await (const event of waiting) if (event.kind === 'ca_turn_started') break;
    await waiting.cancel();
    expect((await waiting).ended.reason).toBe('cancelled');
    expect((await agent.chat('Which number?')).messages.at(-1)).toEqual({ type: 'result', result: '7' });
    await agent.newSession();
    expect((await agent.chat('Which number?')).messages.at(-1)).toEqual({ type: 'result', result: '7' });
    expect(runtime.boots).toBe(1);
  });

  it('is there after a machine has died, and its agent says that the end may be lost', async () => {
    const runtime = machines();
    const first = agentIn(runtime);
    await first.chat('Remember 9');
    await runtime.kill();
    await expect(first.dispose()).rejects.toMatchObject({ code: 'TRANSCRIPT_LOST' });
    await using second = agentIn(runtime);
    expect((await second.chat('Which number?')).messages).toEqual([{ type: 'result', result: '9' }]);
  });
});
