import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileStore } from '../../src/store/file-store.ts';
import type { OpenStore } from '../../src/store/store.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'store-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

const key = { projectKey: 'p', sessionId: 's' };
const entry = (uuid: string) => ({ type: 'user', uuid });

const open = async (root = join(folder, 'store'), scope = 'mine'): Promise<OpenStore> =>
  fileStore().open({ sessionId: 'mine', scope, options: { root } });

async function onlyFile(): Promise<string> {
  const names = await readdir(join(folder, 'store'));
  expect(names).toHaveLength(1);
  return join(folder, 'store', names[0] ?? '');
}

describe('the file store', () => {
  it('adds what is new, and nothing else, to what is there', async () => {
    const one = await open();
    await one.append(key, [entry('a'), entry('b'), entry('a')]);
    const before = await readFile(await onlyFile(), 'utf8');
    const other = await open();
    await other.append(key, [entry('b')]);
    expect(await readFile(await onlyFile(), 'utf8')).toBe(before);
    await other.append(key, [entry('c')]);
    expect(await readFile(await onlyFile(), 'utf8')).toBe(`${before}{"type":"user","uuid":"c"}\n`);
    expect(await one.load(key)).toEqual([entry('a'), entry('b'), entry('c')]);
  });

  it('goes on after a line that a crash has cut off, and reads what is whole', async () => {
    await (await open()).append(key, [entry('a')]);
    const path = await onlyFile();
    await writeFile(path, '{"type":"user","uuid":"torn', { flag: 'a' });
    const store = await open();
    expect(await store.load(key)).toEqual([entry('a')]);
    await store.append(key, [entry('b')]);
    expect(await store.load(key)).toEqual([entry('a'), entry('b')]);
    expect(await (await open()).load(key)).toEqual([entry('a'), entry('b')]);
  });

  it('reads one file for each session, as others have written it', async () => {
    await (await open()).append(key, [entry('a')]);
    // The first 32 digits of the hash of the engine's id for the session.
    expect(await onlyFile()).toMatch(/043a718774c572bd8a25adbeb1bfcd5c\.jsonl$/);
    expect(await (await open()).load({ ...key, sessionId: 'other' })).toBeNull();
  });

  it('keeps what different owners call by one id apart', async () => {
    await (await open(undefined, 'alice\0mine')).append(key, [entry('a')]);
    expect(await (await open(undefined, 'bob\0mine')).load(key)).toBeNull();
    expect(await (await open(undefined, 'alice\0mine')).load(key)).toEqual([entry('a')]);
  });

  it('follows no link out of its folder', async () => {
    await (await open()).append(key, [entry('a')]);
    const path = await onlyFile();
    await rm(path);
    await writeFile(join(folder, 'target'), 'untouched');
    await symlink(join(folder, 'target'), path);
    const store = await open();
    await expect(store.append(key, [entry('b')])).rejects.toThrow(/ELOOP/);
    await expect(store.load(key)).rejects.toThrow(/ELOOP/);
    expect(await readFile(join(folder, 'target'), 'utf8')).toBe('untouched');
    await rm(path);
    await store.append(key, [entry('c')]);
    expect(await store.load(key)).toEqual([entry('c')]);
  });

  it('refuses a folder that holds something else, or is not below where stores may be', async () => {
    await mkdir(join(folder, 'full'));
    await writeFile(join(folder, 'full', '.bashrc'), '');
    await expect(open(join(folder, 'full'))).rejects.toMatchObject({ code: 'VALIDATION', status: 400 });
    const below = fileStore({ below: join(folder, 'stores') });
    const at = async (root: string) => below.open({ sessionId: 'i', scope: 'i', options: { root } });
    await expect(at('../elsewhere')).rejects.toMatchObject({ code: 'PATH_ESCAPE', status: 400 });
    await at('mine');
    expect(await readdir(join(folder, 'stores'))).toEqual(['mine']);
    await symlink(join(folder), join(folder, 'stores', 'out'));
    await expect(at('out/new')).rejects.toMatchObject({ code: 'PATH_ESCAPE', status: 400 });
    expect(await readdir(folder)).not.toContain('new');
  });
});
