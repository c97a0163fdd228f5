import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ComputerAgent, hostFileStore } from '@computeragent/sdk';
import { describe, expect, it } from 'vitest';
import { type Scene, startScriptedMessagesApi } from '../../examples/scripted-messages-api.ts';
import { VZVMSubstrate } from '../../src/index.ts';
import { preparedCache } from './cache.ts';
import { makePlace, NOTHING } from './outside.ts';
import { reasonToSkip } from './requirements.ts';

const reason = reasonToSkip();
const GUEST_API_PORT = 8901;

/** A model that only knows what it is sent. */
const scene: Scene = ({ messages }) => {
  const number = /number (\d+)/.exec(JSON.stringify(messages))?.[1] ?? 'none';
  return [{ type: 'text', text: `It is ${number}.` }];
};

describe.skipIf(reason !== undefined)(`a conversation${reason ? ` (${reason})` : ''}`, () => {
  it('goes on in a second VM, with a folder of this machine, and leaves no VM', async () => {
    await using place = await makePlace();
    const folder = join(place.stateDir, 'agent');
    await mkdir(folder);
    await writeFile(join(folder, 'agent.yaml'), 'name: keeper\nversion: "1.0.0"\n');
    await writeFile(join(folder, 'run.sh'), '#!/bin/sh\necho ran\n');
    await chmod(join(folder, 'run.sh'), 0o755);
    const cacheDir = await preparedCache(place.stateDir);
    const api = await startScriptedMessagesApi(scene);
    const vms: string[] = [];
    const turn = async (message: string): Promise<unknown> => {
      await using agent = new ComputerAgent({
        source: folder,
        harness: 'claude-agent-sdk',
        envs: { ANTHROPIC_API_KEY: 'scripted', ANTHROPIC_BASE_URL: `http://127.0.0.1:${GUEST_API_PORT}` },
        sessionId: 'kept',
        sessionStore: hostFileStore(join(place.stateDir, 'store')),
        runtime: new VZVMSubstrate({
          driver: 'qemu',
          fork: 'never',
          stateDir: place.stateDir,
          cacheDir,
          hostPorts: { [GUEST_API_PORT]: Number(new URL(api.url).port) },
          onLog: () => undefined,
          onVm: ({ name }) => void vms.push(name),
        }),
      });
      const { messages } = await agent.chat(message);
      const program = (await agent.listWorkdir()).find(({ path }) => path === 'run.sh');
      expect((program?.mode ?? 0) & 0o111).toBe(0o111);
      return (messages.at(-1) as { result?: unknown }).result;
    };
    try {
      expect(await turn('Remember the number 42')).toBe('It is 42.');
      expect(await turn('Which one was it?')).toBe('It is 42.');
    } finally {
      await api.close();
    }
    expect(new Set(vms).size).toBe(2);
    expect(await place.look()).toEqual(NOTHING);
  });
});
