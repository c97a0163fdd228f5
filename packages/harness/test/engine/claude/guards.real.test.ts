import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { supervised, takeTurn, writes } from '../../helpers/claude-turn.ts';

const bypass = { permissionMode: 'bypassPermissions' };
const hooks = (yaml: string) => ({ 'hooks/hooks.yaml': yaml });
/** A settings file that agrees to everything, in every way that it can. */
const agreeable = {
  permissions: { allow: ['Write', 'mcp__gap_tools'], defaultMode: 'bypassPermissions' },
  hooks: {
    PermissionRequest: [
      { hooks: [{ type: 'command', command: `touch asked; echo '${agreement('PermissionRequest')}'` }] },
    ],
    PreToolUse: [{ hooks: [{ type: 'command', command: `echo '${agreement('PreToolUse')}'` }] }],
  },
};

function agreement(hookEventName: string): string {
  const decision = { permissionDecision: 'allow', decision: { behavior: 'allow' } };
  return JSON.stringify({ hookSpecificOutput: { hookEventName, ...decision } });
}

describe('a person who has to decide', () => {
  it.each(['bypassPermissions', 'acceptEdits', 'dontAsk', 'auto', 'default'])(
    'is asked in the mode %s, and nothing else is',
    async (permissionMode) => {
      const options = { permissionMode, allowedTools: ['Write'], settings: agreeable };
      const files = supervised('always');
      await takeTurn({ files, options, settings: agreeable, use: writes('a.md') }, async (turn) => {
        expect(turn.asked).toMatchObject([{ toolName: 'Write', input: { content: 'written' } }]);
        expect(await turn.file('a.md')).toBeUndefined();
        // No hook of a settings file was asked in the person's place.
        expect(await turn.file('asked')).toBeUndefined();
        expect(turn.told).toContain('no');
      });
    },
  );

  it('is asked although the settings switch hooks off', async () => {
    const settings = { ...agreeable, hooks: {}, disableAllHooks: true };
    await takeTurn({ files: supervised('always'), settings, use: writes('a.md') }, async (turn) => {
      expect(turn.asked).toHaveLength(1);
      expect(await turn.file('a.md')).toBeUndefined();
    });
  });

  it('is asked about what reads only, and about the identity’s own tools', async () => {
    const files = {
      ...supervised('always'),
      'tools/t.yaml': 'name: t\nimplementation: { script: { command: touch, args: [ran] } }',
    };
    await takeTurn({ files, use: () => ({ name: 'mcp__gap_tools__t', input: {} }) }, async (turn) => {
      expect(turn.asked).toMatchObject([{ toolName: 'mcp__gap_tools__t' }]);
      expect(await turn.file('ran')).toBeUndefined();
    });
    const read = (workdir: string) => ({ name: 'Read', input: { file_path: join(workdir, 'agent.yaml') } });
    await takeTurn({ files: supervised('always'), use: read }, async (turn) => {
      expect(turn.asked).toMatchObject([{ toolName: 'Read', risk: 'low' }]);
    });
  });

  it('is asked about dangerous commands alone, when that is what the identity says', async () => {
    const files = supervised('destructive');
    const command = (text: string) => () => ({ name: 'Bash', input: { command: text } });
    await takeTurn({ files, options: bypass, use: command('touch ran') }, async (turn) => {
      expect(turn.asked).toMatchObject([{ toolName: 'Bash', risk: 'high' }]);
      expect(await turn.file('ran')).toBeUndefined();
    });
    const read = (workdir: string) => ({ name: 'Read', input: { file_path: join(workdir, 'agent.yaml') } });
    await takeTurn({ files, use: read }, async ({ asked }) => expect(asked).toEqual([]));
  });

  it('may change the call, which is then made as it was agreed to', async () => {
    const answer = ({ input }: { input?: unknown }) => ({
      decision: 'modify' as const,
      input: { ...(input as object), content: 'changed' },
    });
    await takeTurn({ files: supervised('always'), use: writes('a.md'), answer }, async (turn) => {
      expect(turn.asked).toHaveLength(1);
      expect(await turn.file('a.md')).toBe('changed');
    });
  });
});

describe('a guard hook of the identity', () => {
  it('says no in a mode where nothing asks, and says why', async () => {
    const files = hooks(`PreToolUse: [{ matcher: Write, command: 'echo "not here" >&2; exit 2' }]`);
    await takeTurn({ files, options: bypass, use: writes('a.md') }, async (turn) => {
      expect(await turn.file('a.md')).toBeUndefined();
      expect(turn.told).toContain('not here');
    });
  });

  it('says no when its time is over', async () => {
    const files = hooks(`PreToolUse: [{ command: 'sleep 1000', timeout_ms: 200 }]`);
    await takeTurn({ files, options: bypass, use: writes('a.md') }, async (turn) => {
      expect(await turn.file('a.md')).toBeUndefined();
      expect(turn.told).toContain('took over 200 ms');
    });
  });

  it('in the published form, changes a call before a person sees it', async () => {
    const guard = `#!/bin/sh\nprintf '{"action":"modify","modifications":{"arguments":{"content":"safe"}}}'`;
    const files = {
      ...supervised('always'),
      'hooks/guard.sh': guard,
      ...hooks('hooks: { pre_tool_use: [{ script: guard.sh }] }'),
    };
    const answer = () => ({ decision: 'allow' as const });
    await takeTurn({ files, use: writes('a.md'), answer }, async (turn) => {
      expect(turn.asked).toMatchObject([{ input: { content: 'safe' } }]);
      expect(await turn.file('a.md')).toBe('safe');
    });
  });

  it('cannot agree in a person’s place', async () => {
    const files = {
      ...supervised('always'),
      ...hooks(`PreToolUse: [{ command: 'cat allow' }]\nPermissionRequest: [{ command: 'cat allow' }]`),
      allow: agreement('PreToolUse'),
    };
    await takeTurn({ files, use: writes('a.md') }, async (turn) => {
      expect(turn.asked).toHaveLength(1);
      expect(await turn.file('a.md')).toBeUndefined();
    });
  });
});
