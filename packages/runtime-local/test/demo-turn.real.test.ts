import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ComputerAgent, type HarnessEvent } from '@computeragent/sdk';
import { expect, it } from 'vitest';
import { demoAgent } from '../../../examples/demo/agent.ts';
import { HELLO, startScriptedMessagesApi } from '../../../examples/scripted-messages-api.ts';
import { until } from '../../../test/helpers/until.ts';
import { TestSubstrate } from './helpers/local.ts';

const OWNER = fileURLToPath(new URL('./owner-program.ts', import.meta.url));

async function scriptedApi() {
  const api = await startScriptedMessagesApi();
  return { ...api, [Symbol.asyncDispose]: () => api.close() };
}

it("takes the demo's turn with the real engine, and leaves nothing", async () => {
  await using api = await scriptedApi();
  await using local = await TestSubstrate.make();
  const kinds = new Set<HarnessEvent['kind']>();
  {
    await using agent = new ComputerAgent({
      ...demoAgent,
      envs: { ANTHROPIC_API_KEY: 'scripted', ANTHROPIC_BASE_URL: api.url, TEST_FOLDER: local.folder },
      runtime: local.substrate,
    });
    const chat = agent.chat('Write a file named hello.md that says hello.');
    for await (const event of chat) kinds.add(event.kind);
    expect((await chat).ended.reason).toBe('complete');
    expect(await agent.fetchArtifactText(HELLO.name)).toBe(HELLO.text);
    // The engine's program still runs, and bears the mark by which it is found.
    expect(local.processes().length).toBeGreaterThan(1);
    expect(await local.workdirs()).toHaveLength(1);
  }
  expect([...kinds]).toEqual(
    expect.arrayContaining(['ca_session_started', 'sdk_message', 'ca_session_ended']),
  );
  expect(local.processes()).toEqual([]);
  expect(await local.workdirs()).toEqual([]);
});

it('ends harness, engine and folders when the program that owns them is killed', async () => {
  await using api = await scriptedApi();
  await using local = await TestSubstrate.make();
  const args = ['--conditions=source', OWNER, local.folder, api.url];
  const owner = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [tool] = await once(owner.stdout.setEncoding('utf8'), 'data');
  expect(tool).toBe('Write\n');
  expect(local.processes().length).toBeGreaterThan(1);
  owner.kill('SIGKILL');
  await until('its processes are gone', () => local.processes().length === 0);
  expect(await local.workdirs()).toEqual([]);
});
