import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostArch } from '../../../src/drivers/qemu/host.ts';
import { standInOf, writeStandIn } from '../../../src/drivers/qemu/snapshots/stand-in.ts';
import { tempDir } from '../../helpers/temp.ts';

test('keeps of a kernel that has booted only its head, where QEMU does not put it into memory itself', async () => {
  await using temp = await tempDir();
  const boot = { kernel: join(temp.path, 'vmlinuz'), initrd: join(temp.path, 'initrd.img') };
  const kernel = Buffer.alloc(1_000_000, 'kernel');
  await writeFile(boot.kernel, kernel);
  const names = await writeStandIn(temp.path, boot, hostArch('x64'));
  expect(names).toBeDefined();
  const standIn = standInOf(temp.path, names ?? boot);
  expect((await readFile(standIn.kernel)).equals(kernel.subarray(0, 65_536))).toBe(true);
  expect((await readFile(standIn.initrd)).length).toBe(0);
  expect(await writeStandIn(temp.path, boot, hostArch('arm64'))).toBeUndefined();
  expect(await writeStandIn(temp.path, undefined, hostArch('x64'))).toBeUndefined();
});
