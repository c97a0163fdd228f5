import { appendFile, mkdtemp, readdir, readFile, rm, stat, symlink, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hostFileStore, type HostSessionStore, type TranscriptRecord } from '../../src/index.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sdk-store-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const record = (n: number): TranscriptRecord => ({
  key: { projectKey: 'p', sessionId: 'engine' },
  entries: [{ type: 'user', n }],
});

async function loaded(store: HostSessionStore, id: string): Promise<TranscriptRecord[]> {
  const records: TranscriptRecord[] = [];
  for await (const each of await store.load(id)) records.push(each);
  return records;
}

const fileIn = async (path: string): Promise<string> => join(path, (await readdir(path))[0] ?? '');

describe('hostFileStore', () => {
  it('gives back what was appended, in order, session by session, also to another process', async () => {
    const store = hostFileStore(folder);
    await store.append('one', [record(1), record(2)]);
    await store.append('../two', [record(9)]);
    await store.append('one', [record(3)]);
    await store.append('one', []);
    const other = hostFileStore(folder);
    expect(await loaded(other, 'one')).toEqual([record(1), record(2), record(3)]);
    expect(await loaded(other, '../two')).toEqual([record(9)]);
    expect(await loaded(other, 'none')).toEqual([]);
  });

  it('keeps what it has from others', async () => {
    const path = join(folder, 'a/b');
    await hostFileStore(path).append('one', [record(1)]);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect((await stat(await fileIn(path))).mode & 0o777).toBe(0o600);
  });

  it('skips a line that was torn, and keeps what comes after it', async () => {
    const store = hostFileStore(folder);
    await store.append('one', [record(1), record(2)]);
    const file = await fileIn(folder);
    await truncate(file, (await stat(file)).size - 5);
    expect(await loaded(store, 'one')).toEqual([record(1)]);
    await store.append('one', [record(3)]);
    expect(await loaded(store, 'one')).toEqual([record(1), record(3)]);
  });

  it('skips lines that are no records', async () => {
    const store = hostFileStore(folder);
    await store.append('one', [record(1)]);
    await appendFile(await fileIn(folder), 'null\n[]\n{"key":{}}\n\n');
    expect(await loaded(store, 'one')).toEqual([record(1)]);
  });

  it('does not write through a link', async () => {
    const store = hostFileStore(join(folder, 'store'));
    await store.append('one', [record(1)]);
    const file = await fileIn(join(folder, 'store'));
    await rm(file);
    await symlink(join(folder, 'elsewhere'), file);
    await expect(store.append('one', [record(2)])).rejects.toMatchObject({ code: 'ELOOP' });
    await rm(file);
  });

  it('may be in the home folder', async () => {
    vi.stubEnv('HOME', folder);
    await hostFileStore('~/.my-agent/sessions').append('one', [record(1)]);
    expect(await readFile(await fileIn(join(folder, '.my-agent/sessions')), 'utf8')).toContain('"n":1');
  });
});
