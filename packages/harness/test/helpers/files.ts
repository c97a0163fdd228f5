import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestHarness } from './harness.ts';

/** A session, its files over HTTP, and a folder beside it that nobody may reach. */
export async function filesOfSession() {
  const harness = await TestHarness.start();
  const id = await harness.create();
  const workdir = await harness.workdir();
  const outside = await mkdtemp(join(tmpdir(), 'harness-outside-'));
  await writeFile(join(outside, 'secret'), 'secret');
  const url = (route: string, path: string, more = '') =>
    `/v1/sessions/${id}/fs/${route}?path=${encodeURIComponent(path)}${more}`;
  const post = (route: string) => (body: unknown) => harness.post(`/v1/sessions/${id}/fs/${route}`, body);
  return {
    workdir,
    outside,
    get: (path: string, headers: Record<string, string> = {}) =>
      harness.request(url('file', path), { headers }),
    head: (path: string) => harness.request(url('file', path), { method: 'HEAD' }),
    put: (path: string, body: Exclude<RequestInit['body'], undefined>) =>
      harness.request(url('file', path), { method: 'PUT', body, duplex: 'half' } as RequestInit),
    delete: (path: string, more = '') => harness.request(url('file', path, more), { method: 'DELETE' }),
    tree: (path: string, more = '') => harness.request(url('tree', path, more)),
    noPath: () => harness.request(`/v1/sessions/${id}/fs/file`),
    edit: post('edit'),
    mkdir: post('mkdir'),
    move: post('move'),
    async [Symbol.asyncDispose]() {
      await harness[Symbol.asyncDispose]();
      await rm(outside, { recursive: true });
    },
  };
}

/** How many files this process has open. */
export async function openFiles(): Promise<number> {
  return (await readdir('/proc/self/fd')).length;
}
