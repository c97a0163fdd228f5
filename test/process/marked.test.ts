import { describe, expect, it } from 'vitest';
import { endMarked, findMarked, GUEST_MARK, OWNER_MARK, ownerId } from '../../src/process/marked.ts';
import { run } from '../../src/process/run.ts';
import { spawnDetached } from '../../src/process/spawn-detached.ts';
import { isRunning } from '../helpers/processes.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/until.ts';

describe('a mark in the environment', () => {
  it('is on each command that we run, and on its children', async () => {
    const { stdout } = await run('sh', ['-c', `sh -c 'echo $${OWNER_MARK}'`], { timeoutMs: 30_000 });
    expect(stdout.trim()).toBe(ownerId);
  });

  it('finds a hypervisor and all that it has started, and nothing else; and ends them', async () => {
    await using temp = await tempDir();
    const start = (guest: string) =>
      spawnDetached('sh', ['-c', 'sleep 1000 & wait'], { guest, logFile: `${temp.path}/log` });
    const [one, other] = [await start('ca-1-one'), await start('ca-1-other')];
    await until('both have children', async () => {
      const all = [
        ...(await findMarked(GUEST_MARK, 'ca-1-one')),
        ...(await findMarked(GUEST_MARK, 'ca-1-other')),
      ];
      return all.length === 4;
    });
    const marked = await findMarked(GUEST_MARK, 'ca-1-one');
    expect(await endMarked(GUEST_MARK, 'ca-1-one')).toEqual([]);
    expect(marked.filter(isRunning)).toEqual([]);
    expect((await one.exited).signal).toBe('SIGKILL');
    expect(isRunning(other.pid)).toBe(true);
    // A guest may outlive us: whoever ends our commands must not find it. (Other tests may run commands of their own.)
    const guests = await findMarked(GUEST_MARK, 'ca-1-other');
    expect(guests).toHaveLength(2);
    const commands = await findMarked(OWNER_MARK, ownerId);
    expect(guests.filter((pid) => commands.includes(pid))).toEqual([]);
    await endMarked(GUEST_MARK, 'ca-1-other');
    await other.exited;
  });
});
