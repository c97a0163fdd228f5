import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { standInOf, writeStandIn } from '../../../src/drivers/qemu/snapshots/stand-in.ts';
import { tempDir } from '../../helpers/temp.ts';

test('keeps of a kernel that has booted only its head', async () => {
  await using temp = await tempDir();
  const boot = { kernel: join(temp.path, 'vmlinuz'), initrd: join(temp.path, 'initrd.img') };
  const kernel = Buffer.alloc(1_000_000, 'kernel');
  await writeFile(boot.kernel, kernel);
  const names = await writeStandIn(temp.path, boot);
  const standIn = standInOf(temp.path, names);
  expect((await readFile(standIn.kernel)).equals(kernel.subarray(0, 65_536))).toBe(true);
  expect((await readFile(standIn.initrd)).length).toBe(0);
});
