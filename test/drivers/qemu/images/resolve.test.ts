import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostArch } from '../../../../src/drivers/qemu/host.ts';
import { resolveArtifact } from '../../../../src/drivers/qemu/images/resolve.ts';
import { run } from '../../../../src/process/run.ts';
import { tempDir } from '../../../helpers/temp.ts';

const quiet = { signal: new AbortController().signal, log: () => undefined };
const where = { cacheDir: '/nonexistent', arch: hostArch('x64') };

test('says which images there are when it knows none of that name', async () => {
  await expect(resolveArtifact('debain:12', where, quiet)).rejects.toMatchObject({
    code: 'IMAGE_NOT_FOUND',
    hint: expect.stringContaining('debian:12') as string,
  });
});

test('takes no name that an object happens to have', async () => {
  await expect(resolveArtifact('constructor', where, quiet)).rejects.toMatchObject({
    code: 'IMAGE_NOT_FOUND',
  });
});

test("finds a user's disk, and another one when its content has changed", async () => {
  await using temp = await tempDir();
  const disk = join(temp.path, 'my.img');
  const create = (format: string, size: string) =>
    run('qemu-img', ['create', '-q', '-f', format, disk, size], { timeoutMs: 30_000 });
  await create('raw', '8M');
  const raw = await resolveArtifact(disk, where, quiet);
  expect(raw).toMatchObject({ format: 'raw', virtualBytes: 8 * 1024 ** 2, image: { acceptsKey: true } });
  expect(raw.image.login).toBeUndefined();
  await create('qcow2', '9M');
  const qcow2 = await resolveArtifact(disk, where, quiet);
  expect(qcow2.format).toBe('qcow2');
  expect(qcow2.image.digest).not.toBe(raw.image.digest);
});

test('tells a disk that is not there from one that is no disk', async () => {
  await using temp = await tempDir();
  const missing = join(temp.path, 'none.qcow2');
  await expect(resolveArtifact(missing, where, quiet)).rejects.toMatchObject({
    code: 'IMAGE_NOT_FOUND',
    facts: { path: missing },
  });
  const vmdk = join(temp.path, 'other.img');
  await run('qemu-img', ['create', '-q', '-f', 'vmdk', vmdk, '1M'], { timeoutMs: 30_000 });
  await expect(resolveArtifact(vmdk, where, quiet)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
});

test('does nothing once it is cancelled', async () => {
  const cancelled = { ...quiet, signal: AbortSignal.abort() };
  await expect(resolveArtifact('debian:12', where, cancelled)).rejects.toMatchObject({ code: 'ABORTED' });
});
