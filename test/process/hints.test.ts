import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { companionHint } from '../../src/process/companion-hint.ts';
import { run } from '../../src/process/run.ts';
import { spawnCompanion } from '../../src/process/spawn-companion.ts';
import { spawnDetached } from '../../src/process/spawn-detached.ts';
import { signalHint, startHint } from '../../src/process/start-hint.ts';
import { rejection } from '../helpers/rejection.ts';
import { tempDir } from '../helpers/temp.ts';

describe('the hint of a program that the system did not start', () => {
  it.each([
    ['ENOENT', 'command -v qemu'],
    ['EACCES', 'ls -l $(command -v qemu)'],
    ['ENOEXEC', 'file $(command -v qemu)'],
    ['EAGAIN', 'ulimit -u'],
    ['EMFILE', 'ulimit -n'],
    ['ENFILE', 'sysctl fs.file-max'],
    ['ENOMEM', 'free -m'],
    ['EIO', 'qemu --version'],
    [undefined, 'qemu --version'],
  ])('%s says %s', (errno, part) => {
    expect(startHint('qemu', errno)).toContain(part);
  });
});

describe('the hint of a program that a signal has ended', () => {
  it.each([
    ['SIGKILL', 'dmesg'],
    ['SIGSEGV', 'crashed'],
    ['SIGXFSZ', 'ulimit -f'],
    ['SIGTERM', 'qemu --version'],
  ])('%s says %s', (signal, part) => {
    expect(signalHint('qemu', signal)).toContain(part);
  });
});

describe('the hint of a process of ours that did not come up', () => {
  it.each([
    [false, 'Error [ERR_MODULE_NOT_FOUND]: Cannot find module', 'npm install'],
    [false, 'ENOSPC: no space left on device, write', 'df -h'],
    [false, 'FATAL ERROR: JavaScript heap out of memory', 'free -m'],
    [false, "EACCES: permission denied, mkdir '/srv/state'", 'ls -ld /srv/state'],
    [false, 'a bad day', 'node /x/main.js'],
    [true, '', 'uptime'],
  ])('late: %s, "%s" says %s', (isLate, written, part) => {
    expect(companionHint({ script: '/x/main.js', isLate, written })).toContain(part);
  });
});

describe('a program that cannot be run', () => {
  it('says why, keeps the cause, and what to do', async () => {
    await using temp = await tempDir();
    const [logFile, plain] = [join(temp.path, 'log'), join(temp.path, 'plain')];
    await writeFile(plain, 'text');
    await chmod(plain, 0o600);
    for (const start of [
      () => run(plain, [], { timeoutMs: 30_000 }),
      () => spawnDetached(plain, [], { logFile }),
    ]) {
      const error = await rejection(start());
      expect(error).toMatchObject({
        code: 'PERMISSION_DENIED',
        message: expect.stringContaining(plain),
        facts: { program: plain, errno: 'EACCES' },
        hint: expect.stringContaining(`ls -l $(command -v ${plain})`),
        cause: { code: 'EACCES' },
      });
    }
  });

  it('tells the signal that has ended it', async () => {
    const error = await rejection(run('sh', ['-c', 'kill -9 $$'], { timeoutMs: 30_000 }));
    expect(error).toMatchObject({
      code: 'COMMAND_FAILED',
      facts: { program: 'sh', signal: 'SIGKILL' },
      hint: expect.stringContaining('dmesg'),
    });
  });

  it('tells how a companion has ended', async () => {
    await using temp = await tempDir();
    const script = join(temp.path, 'companion.mjs');
    await writeFile(script, `console.error('ENOSPC: no space left on device'); process.exit(3);`);
    const error = await rejection(spawnCompanion(script, [], { env: [], tied: true }));
    expect(error).toMatchObject({
      code: 'COMMAND_FAILED',
      message: `${script} ended before it was ready (exit code 3)`,
      exitCode: 3,
      hint: expect.stringContaining('df -h'),
    });
  });
});
