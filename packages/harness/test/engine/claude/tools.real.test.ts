import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeTurn } from '../../helpers/claude-turn.ts';

const SECRET = 'HARNESS_OWN_SECRET';
beforeEach(() => void (process.env[SECRET] = 'of-the-harness'));
afterEach(() => void delete process.env[SECRET]);

const uses = (name: string, input: Readonly<Record<string, unknown>>) => () => ({
  name: `mcp__gap_tools__${name}`,
  input,
});

describe('a tool of the identity', () => {
  it('gets its arguments, the session’s environment, and nothing of the harness’s', async () => {
    const files = {
      'tools/show.yaml': `
name: show
parameters:
  type: object
  properties: { path: { type: string }, who: { type: object, properties: { name: { type: string } } } }
implementation: { script: { command: sh, args: [-c, 'cat; echo; env'] } }
`,
    };
    const input = { path: '/nowhere', who: { name: 'me' } };
    const turn = { files, envs: { FOR_TOOLS: 'of-the-session' }, use: uses('show', input) };
    await takeTurn(turn, async ({ asked, told }) => {
      expect(asked).toEqual([]);
      expect(told).toContain(String.raw`{\"path\":\"/nowhere\",\"who\":{\"name\":\"me\"}}`);
      expect(told).toContain('FOR_TOOLS=of-the-session');
      expect(told).toContain(String.raw`WHO={\"name\":\"me\"}`);
      expect(told).not.toContain('of-the-harness');
      expect(told).not.toContain('PATH=/nowhere');
    });
  });

  it('that fails says so', async () => {
    const script = `{ command: sh, args: [-c, 'echo broken >&2; exit 3'] }`;
    const files = { 'tools/fail.yaml': `name: fail\nimplementation: { script: ${script} }` };
    await takeTurn({ files, use: uses('fail', {}) }, async ({ told }) => {
      expect(told).toContain('fail ended with 3: broken');
      expect(told).toContain('"is_error":true');
    });
  });

  it('that needs confirmation gets it, whatever the mode, and runs as it was agreed to', async () => {
    const files = {
      'tools/say.sh': 'cat',
      'tools/say.yaml': `
name: say
description: Says.
input_schema: { type: object, properties: { text: { type: string } }, required: [text] }
implementation: { type: script, script: say.sh, runtime: bash }
annotations: { requires_confirmation: true }
`,
    };
    const answer = () => ({ decision: 'modify' as const, input: { text: 'agreed' } });
    const options = { permissionMode: 'bypassPermissions' };
    await takeTurn(
      { files, options, answer, use: uses('say', { text: 'first' }) },
      async ({ asked, told }) => {
        expect(asked).toMatchObject([{ toolName: 'mcp__gap_tools__say', input: { text: 'first' } }]);
        expect(told).toContain('agreed');
      },
    );
  });
});

describe('what an identity brings', () => {
  it('is there for the engine: skills, sub-agents and servers, whose secrets are on no command line', async () => {
    const files = {
      'skills/draw/SKILL.md': '---\nname: draw\ndescription: Draws.\n---\nDraw.',
      'agents/critic/SOUL.md': 'Be critical.',
      'tools/remote.yaml':
        'name: remote\nimplementation: { type: mcp_server, url: "http://127.0.0.1:9/", headers: { A: of-a-server } }',
    };
    const use = () => ({
      name: 'Bash',
      input: { command: 'cat /proc/$PPID/cmdline | tr "\\\\0" " " > cmdline' },
    });
    const options = { permissionMode: 'bypassPermissions' };
    await takeTurn({ files, options, use }, async ({ messages, file }) => {
      const init = messages.find(({ type, subtype }) => type === 'system' && subtype === 'init');
      expect(init?.['skills']).toContain('draw');
      expect(init?.['agents']).toContain('critic');
      expect(JSON.stringify(init?.['mcp_servers'])).toContain('remote');
      const cmdline = await file('cmdline');
      expect(cmdline).toContain('--');
      expect(cmdline).not.toContain('of-a-server');
    });
  });
});
