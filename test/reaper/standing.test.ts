import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { thisOwner } from '../../src/journal/index.ts';
import { isRunning, signalProcess } from '../../src/process/end-process.ts';
import { holdReaper } from '../../src/reaper/index.ts';
import { childrenOf } from '../helpers/processes.ts';
import { tempDir } from '../helpers/temp.ts';

const recipe = { driver: 'qemu', options: {} };

describe('the reaper of a process', () => {
  it('is one for all who hold it, and ends with the last of them', async () => {
    await using temp = await tempDir();
    const before = childrenOf(process.pid);
    const lines: string[] = [];
    const hold = () => holdReaper(temp.path, recipe, (line) => lines.push(line));
    const [one, other] = [hold(), hold()];
    await Promise.all([one.ready, other.ready]);
    const reapers = childrenOf(process.pid).filter((pid) => !before.includes(pid));
    expect(reapers).toHaveLength(1);
    await one.release();
    expect(childrenOf(process.pid)).toEqual(expect.arrayContaining(reapers));
    await other.release();
    expect(childrenOf(process.pid)).not.toEqual(expect.arrayContaining(reapers));
    expect(await readdir(join(temp.path, 'journal'))).toEqual([]);
    expect(lines).toEqual([]);
  });

  it('is not waited for without end by who lets it go', async () => {
    await using temp = await tempDir();
    const before = childrenOf(process.pid);
    const hold = holdReaper(temp.path, recipe, () => undefined);
    await hold.ready;
    const [reaper = 0] = childrenOf(process.pid).filter((pid) => !before.includes(pid));
    process.kill(reaper, 'SIGSTOP');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const released = hold.release();
    try {
      // Time passes in steps, so that the end of a process that is killed, which is real, may take longer than its deadline.
      while (await isRunning(reaper)) {
        await vi.advanceTimersByTimeAsync(1_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      vi.useRealTimers();
      signalProcess(reaper, 'SIGKILL');
    }
    await released;
    expect(await readdir(join(temp.path, 'journal'))).toEqual([]);
  });

  it('knows its owner, too, when it is held again in the instant that it was let go', async () => {
    await using temp = await tempDir();
    const first = holdReaper(temp.path, recipe, () => undefined);
    await first.ready;
    const released = first.release();
    const second = holdReaper(temp.path, recipe, () => undefined);
    await Promise.all([released, second.ready]);
    expect(await readdir(join(temp.path, 'journal'))).toEqual([`${(await thisOwner()).id}.owner`]);
    await second.release();
    expect(await readdir(join(temp.path, 'journal'))).toEqual([]);
  });
});
