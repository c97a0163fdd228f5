import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { hostArch } from '../../../../src/drivers/qemu/host.ts';
import { downloadedImage } from '../../../../src/drivers/qemu/images/download.ts';
import { run } from '../../../../src/process/run.ts';
import { startSilentServer } from '../../../helpers/silent-server.ts';
import { tempDir } from '../../../helpers/temp.ts';
import { until } from '../../../helpers/until.ts';

const quiet = { signal: new AbortController().signal, log: () => undefined };

async function setUp(
  answer: (response: ServerResponse, disk: Buffer) => void,
  create: readonly string[] = ['16M'],
) {
  const temp = await tempDir();
  const disk = join(temp.path, 'served.qcow2');
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', ...create.slice(1), disk, create[0] ?? ''], {
    timeoutMs: 30_000,
  });
  const content = await readFile(disk);
  let requests = 0;
  const server = createServer((_request, response) => {
    requests++;
    answer(response, content);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/disk.qcow2?token=secret`);
  const where = { cacheDir: join(temp.path, 'cache'), arch: hostArch('x64') };
  return {
    url,
    content,
    requests: () => requests,
    resolve: (options = quiet, stallMs = 10_000) => downloadedImage(url, where, options, { stallMs }),
    cacheEntries: () => readdir(join(where.cacheDir, 'qemu')),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
      await temp[Symbol.asyncDispose]();
    },
  };
}

test('downloads once, and names what came', async () => {
  await using site = await setUp((response, disk) => void response.end(disk));
  const first = await site.resolve();
  const second = await site.resolve();
  expect(site.requests()).toBe(1);
  expect(first).toEqual(second);
  const digest = `sha256:${createHash('sha256').update(site.content).digest('hex')}`;
  expect(first).toMatchObject({
    format: 'qcow2',
    virtualBytes: 16 * 1024 ** 2,
    image: { digest, acceptsKey: true },
  });
  expect(await readFile(first.disk)).toEqual(site.content);
  expect(JSON.stringify(first)).not.toContain('secret');
});

test.each([
  ['404', 'IMAGE_NOT_FOUND', (response: ServerResponse) => void response.writeHead(404).end()],
  ['503', 'IMAGE_DOWNLOAD_FAILED', (response: ServerResponse) => void response.writeHead(503).end()],
  [
    'a connection that breaks',
    'IMAGE_DOWNLOAD_FAILED',
    (response: ServerResponse, disk: Buffer) => {
      response.writeHead(200, { 'content-length': disk.length });
      response.write(disk.subarray(0, 1000), () => response.destroy());
    },
  ],
  ['something else than a disk', 'IMAGE_DOWNLOAD_FAILED', linkedDisk],
])('leaves nothing after %s', async (_what, code, answer) => {
  await using site = await setUp(
    answer,
    answer === linkedDisk ? ['16M', '-u', '-b', '/etc/passwd', '-F', 'raw'] : ['16M'],
  );
  const failure = await site.resolve().catch((error: unknown) => error);
  expect(failure).toMatchObject({ code });
  expect(JSON.stringify(failure)).not.toContain('secret');
  expect(await site.cacheEntries()).toEqual([]);
});

/** A disk that would show a file of the host to the guest. */
function linkedDisk(response: ServerResponse, disk: Buffer): void {
  response.end(disk);
}

test('gives up a download that stalls', async () => {
  await using site = await setUp((response, disk) => {
    response.writeHead(200, { 'content-length': disk.length });
    response.write(disk.subarray(0, 1000));
  });
  await expect(site.resolve(quiet, 200)).rejects.toMatchObject({
    code: 'IMAGE_DOWNLOAD_FAILED',
    retry: 'safe',
  });
  expect(await site.cacheEntries()).toEqual([]);
});

test('gives up where nothing answers, as a proxy may do', async () => {
  await using temp = await tempDir();
  await using proxy = await startSilentServer();
  for (const name of ['https_proxy', 'HTTPS_PROXY']) vi.stubEnv(name, proxy.url);
  for (const name of ['no_proxy', 'NO_PROXY']) vi.stubEnv(name, '');
  const where = { cacheDir: temp.path, arch: hostArch('x64') };
  const asked = downloadedImage(new URL('https://images.example/disk'), where, quiet, { stallMs: 50 });
  await expect(asked.finally(() => vi.unstubAllEnvs())).rejects.toMatchObject({
    code: 'IMAGE_DOWNLOAD_FAILED',
    message: expect.stringContaining('nothing answered within 100 ms') as string,
  });
  expect(proxy.heard()).toBeGreaterThan(0);
  await until('the connection is gone', () => proxy.open() === 0);
});

test('is cancelled in the middle', async () => {
  const abort = new AbortController();
  await using site = await setUp((response, disk) => {
    response.writeHead(200, { 'content-length': disk.length });
    response.write(disk.subarray(0, 1000), () => abort.abort());
  });
  await expect(site.resolve({ ...quiet, signal: abort.signal })).rejects.toMatchObject({ code: 'ABORTED' });
  expect(await site.cacheEntries()).toEqual([]);
});

test('takes no disk from a server that anyone on the way can speak for', async () => {
  const where = { cacheDir: '/nonexistent', arch: hostArch('x64') };
  const insecure = new URL('http://images.example/disk.qcow2');
  await expect(downloadedImage(insecure, where, quiet)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});
