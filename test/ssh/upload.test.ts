import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectSsh, uploadFiles, type SshConnection } from '../../src/ssh/index.ts';
import { startSshd, type Sshd } from '../helpers/sshd.ts';
import { tempDir } from '../helpers/temp.ts';

let sshd: Sshd;
let connection: SshConnection;
beforeAll(async () => {
  sshd = await startSshd();
  connection = await connectSsh({
    dial: () => sshd.dial(),
    user: sshd.user,
    auth: { privateKey: sshd.privateKey },
    signal: new AbortController().signal,
  });
});
afterAll(async () => {
  await connection.close();
  await sshd[Symbol.asyncDispose]();
});

const timeoutMs = 30_000;

describe('uploadFiles', () => {
  it('writes files of every kind into a directory that it makes, whatever its name', async () => {
    await using temp = await tempDir();
    const directory = join(temp.path, "it's a $(touch x) `dir`; é", 'harness');
    const binary = Buffer.from(Array.from({ length: 2_000_000 }, (_, i) => (i * 7919) % 256));
    const files = [
      { path: 'harness.mjs', content: binary, mode: 0o755 },
      { path: 'deep/er/ünï.txt', content: 'text\n' },
      { path: `${'long/'.repeat(40)}name`, content: '' },
    ];
    await uploadFiles(connection, { directory, files, timeoutMs });
    expect(binary.equals(await readFile(join(directory, 'harness.mjs')))).toBe(true);
    expect((await stat(join(directory, 'harness.mjs'))).mode & 0o777).toBe(0o755);
    expect(await readFile(join(directory, 'deep/er/ünï.txt'), 'utf8')).toBe('text\n');
    expect((await stat(join(directory, 'deep/er/ünï.txt'))).mode & 0o777).toBe(0o644);
    expect((await stat(join(directory, 'long/'.repeat(40), 'name'))).size).toBe(0);
    await uploadFiles(connection, { directory, files: [{ path: 'harness.mjs', content: 'new' }], timeoutMs });
    expect(await readFile(join(directory, 'harness.mjs'), 'utf8')).toBe('new');
  });

  it('says why the guest could not write', async () => {
    const files = [{ path: 'x', content: 'x'.repeat(200_000) }];
    await expect(
      uploadFiles(connection, { directory: '/proc/none', files, timeoutMs }),
    ).rejects.toMatchObject({
      code: 'UPLOAD_FAILED',
      stderrTail: expect.stringContaining('/none') as string,
    });
    await expect(uploadFiles(connection, { directory: 'relative', files, timeoutMs })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
  });

  it('can be cancelled', async () => {
    await using temp = await tempDir();
    const files = [{ path: 'x', content: 'x' }];
    const signal = AbortSignal.abort();
    await expect(
      uploadFiles(connection, { directory: temp.path, files, timeoutMs, signal }),
    ).rejects.toMatchObject({
      code: 'ABORTED',
    });
  });
});
