import { existsSync } from 'node:fs';
import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { takeFile } from '../../../src/drivers/qemu/snapshots/take-file.ts';
import { tempDir } from '../../helpers/temp.ts';

const MIB = 1024 * 1024;
const OTHER_DISK = '/dev/shm';

/** Three MiB, of which only some bytes in the middle are not nothing. */
async function writeSparse(path: string): Promise<void> {
  await using file = await open(path, 'w');
  await file.write('middle', MIB + 7);
  await file.truncate(3 * MIB + 1);
}

test('moves a file that nobody uses, and gives one in use a second name', async () => {
  await using temp = await tempDir();
  const [from, to, again] = ['from', 'to', 'again'].map((name) => join(temp.path, name)) as [
    string,
    string,
    string,
  ];
  await writeSparse(from);
  const { ino } = await stat(from);
  await takeFile(from, to, true);
  await takeFile(from, again, false);
  expect([(await stat(to)).ino, (await stat(again)).ino, existsSync(from)]).toEqual([ino, ino, false]);
});

test.skipIf(!existsSync(OTHER_DISK))('copies between disks, and nothing takes no space', async () => {
  await using temp = await tempDir();
  const elsewhere = await mkdtemp(join(OTHER_DISK, 'vzvm-test-'));
  try {
    const [from, to] = [join(temp.path, 'from'), join(elsewhere, 'to')];
    await writeSparse(from);
    await takeFile(from, to, true);
    expect((await readFile(from)).equals(await readFile(to))).toBe(true);
    expect((await stat(to)).blocks * 512).toBeLessThan(2 * MIB);
  } finally {
    await rm(elsewhere, { recursive: true });
  }
});
