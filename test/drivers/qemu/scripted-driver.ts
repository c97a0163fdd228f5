import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CloneRequest } from '../../../src/drivers/driver.ts';
import { newGuestName } from '../../../src/drivers/guest-name.ts';
import { createQemuDriver, type QemuOptions } from '../../../src/drivers/qemu/index.ts';
import { run } from '../../../src/process/run.ts';
import { tempDir } from '../../helpers/temp.ts';
import { scriptedQemu, type QemuScript } from './scripted-qemu.ts';

/** A driver over a scripted QEMU and a real, empty disk image. */
export async function setUp(script: QemuScript = {}, options: QemuOptions = {}) {
  const temp = await tempDir();
  const disk = join(temp.path, 'base.qcow2');
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', disk, '16M'], { timeoutMs: 30_000 });
  const qemuBin = await scriptedQemu(temp.path, script);
  const places = { stateDir: join(temp.path, 'state'), cacheDir: join(temp.path, 'cache') };
  const all: QemuOptions = { ...places, qemuBin, accelerator: 'tcg', minFreeMiB: 1, ...options };
  const driver = createQemuDriver(all);
  const image = await driver.resolveImage(disk, {
    signal: new AbortController().signal,
    log: () => undefined,
  });
  const request: CloneRequest = {
    image,
    guest: newGuestName(),
    resources: { cpu: 1, memoryMiB: 256 },
    user: 'agent',
    authorizedKey: 'ssh-ed25519 AAAA test',
  };
  return {
    driver,
    image,
    request,
    guest: request.guest,
    qemuBin,
    cache: join(places.cacheDir, 'qemu'),
    options: all,
    guests: () => readdir(join(temp.path, 'state', 'qemu')),
    folder: join(temp.path, 'state', 'qemu', request.guest),
    async [Symbol.asyncDispose]() {
      for (const { name } of await driver.list()) await driver.delete(name);
      await temp[Symbol.asyncDispose]();
    },
  };
}
