import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { sh } from '../helpers/sh.ts';
import { screenAfter } from '../helpers/terminal.ts';

const program = fileURLToPath(new URL('terminal-program.ts', import.meta.url));
const node = `'${process.execPath}' --conditions=source '${program}'`;

/** Runs the program in a terminal that is this wide: a real one, with `script` at its other end. */
async function onTerminal(columns: number, args = '', env: Record<string, string | undefined> = {}) {
  const command = `stty cols ${columns} rows 24; exec ${node} ${args}`;
  const { exitCode, stdout } = await sh(`exec script -qec "${command}" /dev/null`, {
    env: { TERM: 'xterm', NO_COLOR: undefined, FORCE_COLOR: undefined, SHELL: '/bin/sh', ...env },
  });
  expect(exitCode).toBe(0);
  return { raw: stdout, screen: screenAfter(stdout, columns) };
}

describe.runIf(process.platform === 'linux')('progress on a terminal', () => {
  it('writes every step once, and leaves nothing of the lines that changed', async () => {
    const { screen } = await onTerminal(100);
    expect(screen.slice(0, 10)).toEqual([
      'VM ca-1-x (qemu, tcg) from debian:12',
      '  ✓ cloning       1.5 s',
      'a line of the program',
      '  the base image is downloaded',
      '  ✓ ssh-connect   60 s',
      '  - upload        skipped',
      'VM ca-2-y (fake) from fake',
    ]);
  });

  it('tells of a slow step what it waits for and what to do', async () => {
    const { screen } = await onTerminal(120, '--stop');
    expect(screen.slice(4)).toEqual([
      expect.stringMatching(/^ {2}\S ssh-connect +40 s slower than usual, usually 12 s$/),
      expect.stringMatching(
        /^ {4}waits for the guest's SSH server to let us in; given up after 3 min 0 s; it was said last: the guest sa.*…$/,
      ),
      '    → read its console: npx vzvm logs ca-1-x -f',
    ]);
  });

  it.each([20, 33, 61])('keeps its lines in order where there are only %i columns', async (columns) => {
    const { raw, screen } = await onTerminal(columns, '--stop');
    expect(raw).not.toContain('\u001b[2J');
    expect(raw).not.toContain('title');
    // Lines that stay wrap; what changes is cut, or it could not be taken away.
    const text = screen.join('');
    expect(text.split('ssh-connect')).toHaveLength(2);
    expect(text.split('waits for')).toHaveLength(2);
    expect(screen.slice(-3).every((line) => line.length < columns)).toBe(true);
    expect(screen.at(-1)).toMatch(/^ {4}→ read its/);
  });

  it('is coloured, unless nobody wants that', async () => {
    expect((await onTerminal(80)).raw).toContain('\u001b[32m✓\u001b[39m');
    const { raw, screen } = await onTerminal(80, '', { NO_COLOR: '1' });
    expect(raw).not.toMatch(/\u001b\[\d+m/); // oxlint-disable-line no-control-regex
    expect(screen[1]).toBe('  ✓ cloning       1.5 s');
  });

  it('writes plain lines where the terminal can do nothing else', async () => {
    const { raw } = await onTerminal(80, '', { TERM: 'dumb' });
    expect(raw).not.toContain('\u001b');
  });
});

describe('progress that goes into a file', () => {
  it('is plain lines: of a long step when it goes on, of a slow one now and then', async () => {
    const { exitCode, stderr, stdout } = await sh(`exec ${node}`, { env: { NO_COLOR: undefined } });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
    const slow = (ms: number) => [
      `  … ssh-connect   slower than usual: ${ms} s, usually 12 s; waits for the guest's SSH server to let us in; ` +
        'given up after 3 min 0 s; it was said last: the guest said  something that is far too long for a narrow window',
      '    → read its console: npx vzvm logs ca-1-x -f',
    ];
    expect(stderr.trimEnd().split('\n')).toEqual([
      'VM ca-1-x (qemu, tcg) from debian:12',
      '  ✓ cloning       1.5 s',
      '  … ssh-connect   ssh-connect, usually 12 s',
      ...slow(24),
      ...slow(34),
      'a line of the program',
      '  the base image is downloaded',
      ...slow(44),
      '  ✓ ssh-connect   60 s',
      '  - upload        skipped',
      'VM ca-2-y (fake) from fake',
    ]);
  });
});
