import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { newGuestName } from '../../src/drivers/guest-name.ts';
import { Journal, type VmRecord, thisOwner } from '../../src/journal/index.ts';
import { sweep } from '../../src/reaper/index.ts';
import { recordOf } from '../helpers/records.ts';
import { silentMac } from '../helpers/silent-mac.ts';
import { tempDir } from '../helpers/temp.ts';

/** A stopped VM of the QEMU driver, written down so. */
async function leave(stateDir: string, more: Partial<VmRecord>): Promise<string> {
  const guest = newGuestName();
  await mkdir(join(stateDir, 'qemu', guest), { recursive: true });
  await new Journal(stateDir).write(await recordOf(guest, stateDir, more));
  return guest;
}

afterEach(() => void vi.useRealTimers());

describe('a sweep', () => {
  it('removes what is certainly nobody’s, and nothing else', async () => {
    await using temp = await tempDir();
    const me = await thisOwner();
    const hour = 3_600_000;
    const left = [
      await leave(temp.path, { owner: { ...me, startTime: '1', id: 'reused' } }),
      await leave(temp.path, { owner: { ...me, bootId: 'before', id: 'rebooted' } }),
      await leave(temp.path, { owner: null, expiresAt: Date.now() - hour }),
    ];
    const kept = [
      await leave(temp.path, {}),
      await leave(temp.path, { owner: { ...me, machine: 'another', id: 'elsewhere' } }),
      await leave(temp.path, { owner: null, expiresAt: Date.now() + hour }),
    ];
    const { removed, problems } = await sweep(new Journal(temp.path));
    expect(removed.toSorted()).toEqual(left.toSorted());
    expect(problems).toEqual([]);
    expect((await readdir(join(temp.path, 'qemu'))).toSorted()).toEqual(kept.toSorted());
    expect((await new Journal(temp.path).list()).map(({ guest }) => guest).toSorted()).toEqual(
      kept.toSorted(),
    );
  });

  it('forgets an owner that has left nothing but its name', async () => {
    await using temp = await tempDir();
    const journal = new Journal(temp.path);
    const owner = { ...(await thisOwner()), startTime: '1', id: 'gone' };
    await journal.writeOwner({ version: 1, owner, recipes: [] });
    await sweep(journal);
    expect(await readdir(journal.folder)).toEqual([]);
  });

  it('leaves alone what is known by the number of a process that another one has by now', async () => {
    await using temp = await tempDir();
    const journal = new Journal(temp.path);
    const owner = { ...(await thisOwner()), startTime: '1', id: 'gone' };
    await journal.writeOwner({ version: 1, owner, recipes: [] });
    const written = join(journal.folder, `${newGuestName()}.json.new`);
    await writeFile(written, '');
    await sweep(journal);
    expect(await readdir(journal.folder)).toEqual([basename(written)]);
  });

  it('tries nothing more once it is cancelled', async () => {
    await using temp = await tempDir();
    const gone = { ...(await thisOwner()), startTime: '1', id: 'gone' };
    const left = await leave(temp.path, { owner: gone });
    const { removed } = await sweep(new Journal(temp.path), AbortSignal.abort());
    expect(removed).toEqual([]);
    expect(await readdir(join(temp.path, 'qemu'))).toEqual([left]);
  });

  it('does not wait for a system that says nothing once it is cancelled', async () => {
    await using temp = await tempDir();
    const journal = new Journal(temp.path);
    const left = await leave(temp.path, {});
    const cancelling = new AbortController();
    {
      await using mac = await silentMac();
      // No deadline comes to the help of who waits.
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const swept = sweep(journal, cancelling.signal);
      await mac.asked('ps');
      cancelling.abort();
      expect(await swept).toEqual({ removed: [], problems: [] });
      vi.useRealTimers();
    }
    expect(await readdir(join(temp.path, 'qemu'))).toEqual([left]);
  });

  it('tells of what it could not remove, and goes on', async () => {
    await using temp = await tempDir();
    const gone = { ...(await thisOwner()), startTime: '1', id: 'gone' };
    const recipe = { driver: 'unheard-of', options: {} };
    const stuck = await leave(temp.path, { owner: gone, recipe });
    const left = await leave(temp.path, { owner: gone, createdAt: 2 });
    const { removed, problems } = await sweep(new Journal(temp.path));
    expect(removed).toEqual([left]);
    expect(problems).toMatchObject([{ guest: stuck }]);
  });
});
