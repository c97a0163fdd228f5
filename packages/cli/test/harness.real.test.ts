import { describe, expect, it } from 'vitest';
import { cli, harnessWith } from './helpers.ts';

const TOKEN = 'a-token-of-this-test';
const echo = async ({ input, message }: Parameters<Parameters<typeof harnessWith>[0]>[0]): Promise<void> => {
  for await (const _ of input) message({ type: 'result', subtype: 'success' });
};

describe('computeragent health', () => {
  it('tells what a harness can do, for people and for programs', async () => {
    await using harness = await harnessWith(echo);
    const told = await cli(['health', '--harness-url', `${harness.url}/`]);
    expect(told.status).toBe(0);
    expect(told.out).toContain(`at ${harness.url}`);
    expect(told.out).toContain(
      'engines  claude-agent-sdk (streamingInput, partialMessages, permissionCallback)',
    );
    const json = await cli(['health', '--json', '--harness-url', harness.url]);
    expect(JSON.parse(json.out)).toMatchObject({ ok: true, loaders: ['gitagentprotocol'] });
  });

  it('shows no token', async () => {
    await using harness = await harnessWith(echo, TOKEN);
    const said = await cli(['health', '--token-stdin', '--harness-url', harness.url], {
      input: `${TOKEN}\n`,
    });
    expect(said).toMatchObject({ status: 0, out: expect.stringContaining('/t/***') });
    expect(said.out + said.log).not.toContain(TOKEN);
    const wrong = await cli(['health', '--token-stdin', '--harness-url', harness.url], {
      input: 'another-token',
    });
    expect(wrong).toMatchObject({ status: 1, log: expect.stringContaining('add --token-stdin') });
    expect(wrong.log).not.toContain('another-token');
  });

  it('says where none is', async () => {
    const said = await cli(['health', '--harness-url', 'http://127.0.0.1:1']);
    expect(said).toMatchObject({ status: 1, log: expect.stringContaining('cannot be reached') });
  });

  it('boots a harness of its own when it is told to', async () => {
    const said = await cli(['health', '--runtime', 'local', '--json']);
    expect(said.status).toBe(0);
    expect(JSON.parse(said.out)).toMatchObject({ ok: true, engines: { 'claude-agent-sdk': {} } });
  });
});

describe('computeragent conformance', () => {
  it('holds a server to the protocol', async () => {
    await using harness = await harnessWith(echo);
    const { status, out } = await cli([
      'conformance',
      harness.url,
      '--level',
      'protocol',
      '--turn',
      'hello',
      '--json',
    ]);
    const report = JSON.parse(out) as { ok: boolean; failed: object[]; skipped: object[] };
    expect([status, report.ok]).toEqual(report.failed.length === 0 ? [0, true] : [1, false]);
    expect(report.skipped).toEqual([{ group: 'permissions', name: expect.any(String) as string }]);
  });

  it('says what a server does otherwise', async () => {
    await using harness = await harnessWith(echo);
    const { status, out } = await cli(['conformance', `${harness.url}/elsewhere`]);
    expect(status).toBe(1);
    expect(out).toContain('✗ sessions: creates one with an id');
    expect(out).toMatch(/^0 passed, \d+ failed, 5 left out/m);
  });
});
