import { mkdir, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { writeFiles } from '../helpers/git-server.ts';
import { type IdentityFolder, identityFolder } from '../helpers/identity-folder.ts';

let folder: string;
let workdir: string;
let loadSource: IdentityFolder['load'];
beforeEach(async () => {
  ({ folder, workdir, load: loadSource } = await identityFolder());
});

/** Loads an agent that has these files. */
async function load(files: Readonly<Record<string, string>>) {
  const all = { 'agent.yaml': 'name: a\nversion: 1.0.0\n', ...files };
  const source = { type: 'inline' as const, manifest: {}, files: all };
  const { options, warnings, parts } = await loadSource(source);
  return { options, warnings, tools: parts?.tools ?? [], hooks: parts?.hooks ?? [] };
}

describe('tools', () => {
  it('are read in the form of a command', async () => {
    const { tools, options, warnings } = await load({
      'tools/greet.yaml': `
name: greet
parameters: { type: object, properties: { who: { type: string } }, required: [who] }
implementation: { script: { command: sh, args: [-c, cat], cwd: data, env: { A: 1 }, timeout_ms: 500 } }
`,
      'tools/search.yml': 'name: search\nimplementation: { builtin: WebSearch }\n',
    });
    expect(tools).toEqual([
      {
        name: 'greet',
        description: 'greet',
        inputSchema: { type: 'object', properties: { who: { type: 'string' } }, required: ['who'] },
        script: { command: 'sh', args: ['-c', 'cat'], cwd: 'data', env: { A: '1' }, timeoutMs: 500 },
        needsConfirmation: false,
        isReadOnly: false,
      },
    ]);
    expect(options['allowedTools']).toEqual(['WebSearch']);
    expect(warnings).toEqual([]);
  });

  it('are read in the published form', async () => {
    const { tools, options, warnings } = await load({
      'tools/search.py': 'print(1)',
      'tools/search.yaml': `
name: search
description: Searches.
version: 1.0.0
input_schema: { type: object, properties: { q: { type: object } } }
implementation: { type: script, script: search.py, runtime: python3, timeout: 5 }
annotations: { requires_confirmation: true, read_only: true, cost: low }
`,
      'tools/remote.yaml':
        'name: remote\nimplementation: { type: mcp_server, url: "http://x/", headers: { A: b } }',
    });
    const script = { command: 'python3', args: ['./tools/search.py'], cwd: '.', env: {}, timeoutMs: 5000 };
    expect(tools).toMatchObject([{ name: 'search', script, needsConfirmation: true, isReadOnly: true }]);
    expect(options['mcpServers']).toEqual({
      remote: { type: 'http', url: 'http://x/', headers: { A: 'b' } },
    });
    expect(warnings).toEqual([]);
  });

  it('that make no sense are left out, and that is said', async () => {
    const { tools, warnings } = await load({
      'tools/a.yaml': 'name: [',
      'tools/b.yaml': 'name: "b b"\nimplementation: { builtin: X }',
      'tools/c.yaml': 'name: c\nimplementation: { type: script, script: ../../x.sh, runtime: bash }',
      'tools/d.yaml': 'name: d\nimplementation: { type: http, url: "http://x/", method: GET }',
      'tools/e.yaml': 'name: e\nimplementation: {}',
      'tools/f.yaml': 'name: g\nimplementation: { script: { command: a } }',
      'tools/g.yaml': 'name: g\nimplementation: { script: { command: b } }',
      'tools/notes.txt': 'not a tool',
    });
    expect(tools.map(({ script }) => script.command)).toEqual(['a']);
    expect(warnings.map((warning) => warning.slice(0, 12))).toEqual(
      ['a', 'b', 'c', 'd', 'e', 'g'].map((name) => `tools/${name}.yaml`.slice(0, 12)),
    );
  });
});

describe('hooks', () => {
  it('are read in the form of commands', async () => {
    const { hooks } = await load({
      'hooks/hooks.yaml':
        'PreToolUse:\n  - { matcher: Bash, command: ./guard, timeout_ms: 1500 }\nStop: []\n',
    });
    const script = { command: 'sh', args: ['-c', './guard'], cwd: '.', env: {}, timeoutMs: 1500 };
    expect(hooks).toEqual([
      { event: 'PreToolUse', declared: 'PreToolUse', matcher: 'Bash', protocol: 'claude', script },
    ]);
  });

  it('are read in the published form', async () => {
    const { hooks, warnings } = await load({
      'hooks/scripts/audit.sh': '',
      'hooks/hooks.yaml': `
hooks:
  pre_tool_use: [{ script: scripts/audit.sh, compliance: true }]
  on_error: [{ script: scripts/audit.sh }]
  on_sunday: [{ script: scripts/audit.sh }]
`,
    });
    expect(hooks.map(({ event, declared, protocol }) => [event, declared, protocol])).toEqual([
      ['PreToolUse', 'pre_tool_use', 'gap'],
      ['PostToolUseFailure', 'on_error', 'gap'],
      ['StopFailure', 'on_error', 'gap'],
    ]);
    expect(hooks[0]?.script).toMatchObject({ command: 'bash', args: ['./hooks/scripts/audit.sh'] });
    expect(warnings).toEqual(['hooks/hooks.yaml: there is no event on_sunday: its hooks do not run']);
  });

  it.each([
    ['is not YAML', 'PreToolUse: ['],
    ['has a hook without a program', 'PreToolUse: [{ matcher: Bash }]'],
    ['names a script that is not there', 'hooks: { pre_tool_use: [{ script: none.sh }] }'],
    ['names a script outside', 'hooks: { pre_tool_use: [{ script: ../../../bin/sh }] }'],
    ['has a matcher that is none', 'PreToolUse: [{ matcher: "(", command: x }]'],
    ['holds compliance to no event', 'hooks: { pre_flight: [{ command: x, compliance: true }] }'],
    ['is a list', '- PreToolUse'],
  ])('refuse the agent when their file %s', async (_what, text) => {
    await expect(load({ 'hooks/hooks.yaml': text })).rejects.toMatchObject({
      code: 'VALIDATION',
      status: 400,
      message: expect.stringMatching(/^hooks\/hooks\.yaml: /),
    });
  });

  it('may be none', async () => {
    expect((await load({ 'hooks/hooks.yaml': '' })).hooks).toEqual([]);
    expect((await load({ 'hooks/hooks.yaml': 'hooks:\n' })).hooks).toEqual([]);
  });
});

describe('sub-agents', () => {
  it('are read from folders, YAML and Markdown', async () => {
    const { options, warnings } = await load({
      'agents/critic/SOUL.md': 'Be critical.\n',
      'agents/critic/agent.yaml':
        'description: Criticizes.\nmodel: { preferred: "anthropic:m" }\ntools: [Read]',
      'agents/plain/SOUL.md': 'Be plain.',
      'agents/checker.md': '---\nname: fact-checker\ndescription: Checks.\n---\n\n# Check\n',
      'agents/writer.yaml': 'description: Writes.\nprompt: Write.\nmodel: m\ndisallowed_tools: [Bash]',
    });
    expect(options['agents']).toEqual({
      critic: { description: 'Criticizes.', prompt: 'Be critical.', model: 'm', tools: ['Read'] },
      plain: { description: 'plain', prompt: 'Be plain.' },
      'fact-checker': { description: 'Checks.', prompt: '# Check' },
      writer: { description: 'Writes.', prompt: 'Write.', model: 'm', disallowedTools: ['Bash'] },
    });
    expect(warnings).toEqual([]);
  });

  it('that make no sense are left out, and that is said', async () => {
    const { options, warnings } = await load({
      'agents/a/agent.yaml': '',
      'agents/b.yaml': 'description: [',
      'agents/c.yaml': 'prompt: no description',
      'agents/README.md': 'no front matter',
    });
    expect(options).not.toHaveProperty('agents');
    expect(warnings.map((warning) => warning.split(':')[0])).toEqual([
      'agents/a',
      'agents/README.md',
      'agents/b.yaml',
      'agents/c.yaml',
    ]);
  });
});

describe('skills', () => {
  it('are put where the engine finds them, with their bits', async () => {
    await writeFiles({ 'skills/draw/scripts/run.sh': '' }, workdir);
    const { warnings } = await load({
      'skills/draw/SKILL.md': '---\nname: draw\n---',
      '.agents/skills/draw/SKILL.md': 'the other one',
      '.agents/skills/sing/SKILL.md': 'sing',
      'skills/empty/notes.md': '',
    });
    expect(await readFile(join(workdir, '.claude/skills/draw/SKILL.md'), 'utf8')).toContain('name: draw');
    expect((await readdir(join(workdir, '.claude/skills'))).toSorted()).toEqual(['draw', 'sing']);
    expect((await stat(join(workdir, '.claude/skills/draw/scripts/run.sh'))).isFile()).toBe(true);
    expect(warnings).toEqual(['skills/empty: there is no SKILL.md']);
  });

  it('lead no file in or out of the working directory', async () => {
    await writeFiles({ secret: 'secret' }, folder);
    await writeFiles({ 'skills/s/SKILL.md': '' }, workdir);
    await symlink(join(folder, 'secret'), join(workdir, 'skills/s/link'));
    expect((await load({})).warnings).toEqual(['skills/s/link: the path leaves the working directory']);
    await rm(join(workdir, '.claude'), { recursive: true });
    await mkdir(join(folder, 'elsewhere'));
    await symlink(join(folder, 'elsewhere'), join(workdir, '.claude'));
    expect((await load({})).warnings).toContain('skills/s/SKILL.md: the path leaves the working directory');
    expect(await readdir(join(folder, 'elsewhere'))).toEqual([]);
  });
});
