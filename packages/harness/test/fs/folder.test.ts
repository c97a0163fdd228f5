import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { deletePath, makeFolder } from '../../src/fs/change.ts';
import { locate } from '../../src/fs/locate.ts';
import { readText } from '../../src/fs/read.ts';
import { listTree } from '../../src/fs/tree.ts';
import { replaceFile, writeText } from '../../src/fs/write.ts';

let base: string;
let root: string;
let outside: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'jail-test-'));
  [root, outside] = [join(base, 'root'), join(base, 'outside')];
  await mkdir(join(root, 'folder'), { recursive: true });
  await mkdir(outside);
  await writeFile(join(outside, 'file'), 'secret');
});
afterEach(() => rm(base, { recursive: true }));

it('a place stays where it was found, though a link takes the place of its folder', async () => {
  await using place = await locate(root, 'folder/file');
  await rename(join(root, 'folder'), join(root, 'moved'));
  await symlink(outside, join(root, 'folder'));
  await replaceFile(place, 'folder/file', (handle) => handle.writeFile('mine'));
  expect(await readFile(join(root, 'moved/file'), 'utf8')).toBe('mine');
  expect(await readdir(outside)).toEqual(['file']);
  expect(await readFile(join(outside, 'file'), 'utf8')).toBe('secret');
});

it('nothing gets out while a folder and a link to the outside change places all the time', async () => {
  await symlink(outside, join(root, 'link'));
  await writeFile(join(root, 'folder/file'), 'inside');
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const swapper = new Worker(SWAPPER, { eval: true, workerData: { root, stop } });
  const swapped = new Promise<number>((resolve) => swapper.once('message', resolve));
  const read: string[] = [];
  for (let turn = 0; turn < 80; turn++) {
    const file = `link/${turn}`;
    await writeText(root, file, 'x').catch(() => undefined);
    read.push(await readText(root, 'link/file').catch(() => ''));
    await makeFolder(root, `${file}-folder/deeper`, true).catch(() => undefined);
    await listTree(root, '.', 3);
    await deletePath(root, 'link', true).catch(() => undefined);
  }
  Atomics.store(stop, 0, 1);
  expect(await swapped).toBeGreaterThan(0);
  await swapper.terminate();
  expect(read).not.toContain('secret');
  expect(await readdir(outside)).toEqual(['file']);
  expect(await readFile(join(outside, 'file'), 'utf8')).toBe('secret');
});

it('a tree that is cut off says so', async () => {
  for (const name of ['a', 'b', 'c']) await writeFile(join(root, 'folder', name), '');
  expect(await listTree(root, 'folder', 1, 3)).toEqual({ entries: expect.objectContaining({ length: 3 }) });
  const cut = await listTree(root, 'folder', 1, 2);
  expect([cut.entries.length, cut.truncated]).toEqual([2, true]);
  const deeper = await listTree(root, '.', 1, 2);
  expect([deeper.entries[0]?.path, deeper.entries.length, deeper.truncated]).toEqual(['folder', 2, true]);
});

/** Exchanges root/folder and root/link, and makes anew what was deleted. */
const SWAPPER = `
const { parentPort, workerData: { root, stop } } = require('node:worker_threads');
const fs = require('node:fs');
const quiet = (act) => { try { act(); return 1; } catch { return 0; } };
let swaps = 0;
while (Atomics.load(stop, 0) === 0) {
  swaps += quiet(() => fs.renameSync(root + '/link', root + '/spare'));
  quiet(() => fs.renameSync(root + '/folder', root + '/link'));
  quiet(() => fs.renameSync(root + '/spare', root + '/folder'));
  quiet(() => fs.symlinkSync('../outside', root + '/link'));
  quiet(() => { fs.mkdirSync(root + '/folder'); fs.writeFileSync(root + '/folder/file', 'inside'); });
}
parentPort.postMessage(swaps);
`;
