import { afterEach, describe, expect, it, vi } from 'vitest';
import { agentOn } from './helpers/agent.ts';
import { ScriptedHarness } from './helpers/scripted-harness.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

async function linesOf(debug: boolean | undefined): Promise<string[]> {
  const lines: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => Boolean(lines.push(String(line))));
  await using harness = await ScriptedHarness.start();
  await using agent = agentOn(harness.url, debug === undefined ? {} : { debug });
  await agent.chat('a secret');
  return lines;
}

describe('debug', () => {
  it('writes a line for each event, without its content', async () => {
    expect(await linesOf(true)).toEqual([
      's1 ca_turn_started\n',
      's1 sdk_message assistant\n',
      's1 sdk_message result\n',
      's1 ca_session_ended complete\n',
    ]);
  });

  it('is off, unless the environment asks for it, which an option overrules', async () => {
    vi.stubEnv('COMPUTERAGENT_LOG', 'info');
    expect(await linesOf(undefined)).toEqual([]);
    vi.stubEnv('COMPUTERAGENT_LOG', 'debug');
    expect(await linesOf(undefined)).toHaveLength(4);
    expect(await linesOf(false)).toEqual([]);
  });
});
