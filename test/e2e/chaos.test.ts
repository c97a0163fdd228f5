import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { ChaosReport } from '../../chaos/report.ts';
import { tempDir } from '../helpers/temp.ts';
import { reasonToSkipTart } from './requirements.ts';

const reason = reasonToSkipTart();

/** One of each kind, where it hurts most. `npm run chaos` has them all. */
const CELLS = [
  'cloning:owner-kill',
  'booting:owner-kill',
  'booting:command-fails-once',
  'ip-polling:guest-kill',
  'ssh-connect:owner-exit',
  'spawn:hypervisor-kill',
  'healthy:owner-and-reaper-kill',
  'healthy:reaper-kill',
  'healthy:harness-kill',
  'disposing:owner-term',
  'disposing:disk-full',
  'upload:cancel',
  'node-install:dispose',
  'npm-install:cancel',
  'spawn:dispose',
];

describe.skipIf(reason !== undefined)(`what goes wrong${reason ? ` (${reason})` : ''}`, () => {
  it('leaves nothing', async () => {
    const only = CELLS.flatMap((cell) => ['--only', cell]);
    const args = ['--conditions=source', '--no-warnings', 'chaos/main.ts', '--json', ...only];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    const report = JSON.parse(output) as ChaosReport;
    expect(report).toMatchObject({ runs: CELLS.length, leaked: 0, leaks: [], missed: [] });
    // Whoever gives up is told of that, and of no failure.
    expect(report.outcomes).toMatchObject({ cancel: { ABORTED: 2 }, dispose: { ABORTED: 2 } });
    expect(status).toBe(0);
  });

  it('is not left by whoever interrupts it, in the middle of a run with a disk of its own', async () => {
    await using temp = await tempDir();
    const only = ['--only', 'cloning:owner-exit', '--only', 'healthy:host-disk-full', '--jobs', '1'];
    const args = ['--conditions=source', '--no-warnings', 'chaos/main.ts', ...only];
    const env = { ...process.env, TMPDIR: temp.path };
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
    const exit = once(child, 'exit');
    // The next run begins when the first is over.
    for await (const line of createInterface(child.stderr)) if (line.startsWith('1/2')) child.kill('SIGINT');
    expect(await exit).toEqual([130, null]);
    expect(await readdir(temp.path)).toEqual([]);
    expect(await readFile('/proc/self/mounts', 'utf8')).not.toContain(temp.path);
  });
});
