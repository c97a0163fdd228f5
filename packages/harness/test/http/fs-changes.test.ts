import { mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesOfSession } from '../helpers/files.ts';
import { rejection } from '../helpers/harness.ts';

describe('an edit', () => {
  it('replaces the first place, or all of them, also by a text of the same length', async () => {
    await using fs = await filesOfSession();
    await fs.put('a', 'one two one');
    const first = await fs.edit({ path: 'a', oldString: 'one', newString: 'three' });
    expect(await first.json()).toEqual({ ok: true, replacements: 1 });
    expect(await (await fs.get('a')).text()).toBe('three two one');
    await fs.put('a', 'one two one');
    const all = await fs.edit({ path: 'a', oldString: 'one', newString: 'six', replaceAll: true });
    expect(await all.json()).toEqual({ ok: true, replacements: 2 });
    expect(await (await fs.get('a')).text()).toBe('six two six');
  });

  it('takes the new text as it is, and leaves bytes around it alone', async () => {
    await using fs = await filesOfSession();
    await fs.put('a', Uint8Array.of(0xff, 0x61, 0x00, 0xfe));
    await fs.edit({ path: 'a', oldString: 'a', newString: '$&ä' });
    expect(await (await fs.get('a')).bytes()).toEqual(
      Uint8Array.of(0xff, 0x24, 0x26, 0xc3, 0xa4, 0x00, 0xfe),
    );
  });

  it('of what is not there is the client’s mistake', async () => {
    await using fs = await filesOfSession();
    await fs.put('a', 'text');
    await mkdir(join(fs.workdir, 'folder'));
    const edit = (path: string, oldString: string) => fs.edit({ path, oldString, newString: 'x' });
    expect(await rejection(edit('a', 'other'))).toEqual([409, 'CONFLICT']);
    expect(await rejection(edit('a', ''))).toEqual([400, 'VALIDATION']);
    expect(await rejection(edit('none', 'a'))).toEqual([404, 'NOT_FOUND']);
    expect(await rejection(edit('folder', 'a'))).toEqual([400, 'VALIDATION']);
    expect(await rejection(edit('../a', 'a'))).toEqual([400, 'PATH_ESCAPE']);
    expect(await rejection(fs.edit({ path: 'a', old_string: 'text' }))).toEqual([400, 'VALIDATION']);
    expect(await (await fs.get('a')).text()).toBe('text');
  });
});

describe('mkdir', () => {
  it('makes one folder, or all on the way', async () => {
    await using fs = await filesOfSession();
    expect(await rejection(fs.mkdir({ path: 'a/b' }))).toEqual([404, 'NOT_FOUND']);
    expect(await (await fs.mkdir({ path: 'a' })).json()).toEqual({ ok: true });
    expect(await rejection(fs.mkdir({ path: 'a' }))).toEqual([409, 'CONFLICT']);
    expect((await fs.mkdir({ path: 'a/b/c', recursive: true })).status).toBe(200);
    expect((await fs.mkdir({ path: 'a/b/c', recursive: true })).status).toBe(200);
    expect((await fs.mkdir({ path: '.', recursive: true })).status).toBe(200);
    expect(await readdir(join(fs.workdir, 'a/b'))).toEqual(['c']);
    expect(await rejection(fs.mkdir({ path: 'agent.yaml', recursive: true }))).toEqual([409, 'CONFLICT']);
    expect(await rejection(fs.mkdir({ path: 'agent.yaml/x', recursive: true }))).toEqual([404, 'NOT_FOUND']);
  });

  it('makes nothing behind a link that leads out', async () => {
    await using fs = await filesOfSession();
    await symlink(fs.outside, join(fs.workdir, 'link'));
    await symlink(join(fs.outside, 'new'), join(fs.workdir, 'dangling'));
    for (const path of ['link/a', 'dangling', 'dangling/a'])
      expect(await rejection(fs.mkdir({ path, recursive: true }))).toEqual([400, 'PATH_ESCAPE']);
    expect(await readdir(fs.outside)).toEqual(['secret']);
  });
});

describe('move', () => {
  it('makes the parents of the new place and replaces a file there', async () => {
    await using fs = await filesOfSession();
    await fs.put('a', 'new');
    await fs.put('b/c', 'old');
    expect(await (await fs.move({ from: 'a', to: 'b/c' })).json()).toEqual({ ok: true });
    expect(await (await fs.get('b/c')).text()).toBe('new');
    expect((await fs.move({ from: 'b', to: 'x/y/z' })).status).toBe(200);
    expect(await readdir(join(fs.workdir, 'x/y/z'))).toEqual(['c']);
    expect(await rejection(fs.get('a'))).toEqual([404, 'NOT_FOUND']);
  });

  it('of nothing, or onto what cannot be replaced, changes nothing', async () => {
    await using fs = await filesOfSession();
    await fs.put('full/file', 'x');
    await fs.put('dir/file', 'x');
    await fs.put('file', 'x');
    const move = (from: string, to: string) => rejection(fs.move({ from, to }));
    expect(await move('none', 'some/where')).toEqual([404, 'NOT_FOUND']);
    expect(await move('dir', 'full')).toEqual([409, 'CONFLICT']);
    expect(await move('file', 'full')).toEqual([409, 'CONFLICT']);
    expect(await move('dir', 'file')).toEqual([409, 'CONFLICT']);
    expect(await move('dir', 'dir/deeper')).toEqual([400, 'VALIDATION']);
    expect(await move('.', 'x')).toEqual([400, 'VALIDATION']);
    expect(await move('../x', 'x')).toEqual([400, 'PATH_ESCAPE']);
    expect(await move('file', '/x')).toEqual([400, 'PATH_ESCAPE']);
    expect((await readdir(fs.workdir)).toSorted()).toEqual(['agent.yaml', 'dir', 'file', 'full']);
  });

  it('moves a link, not what it points to, and never through one that leads out', async () => {
    await using fs = await filesOfSession();
    await symlink(join(fs.outside, 'secret'), join(fs.workdir, 'link'));
    await symlink(fs.outside, join(fs.workdir, 'folder'));
    await writeFile(join(fs.workdir, 'mine'), 'mine');
    expect((await fs.move({ from: 'link', to: 'moved' })).status).toBe(200);
    expect(await readlink(join(fs.workdir, 'moved'))).toBe(join(fs.outside, 'secret'));
    expect((await fs.move({ from: 'mine', to: 'moved' })).status).toBe(200);
    expect(await readFile(join(fs.workdir, 'moved'), 'utf8')).toBe('mine');
    expect(await rejection(fs.move({ from: 'moved', to: 'folder/x' }))).toEqual([400, 'PATH_ESCAPE']);
    expect(await rejection(fs.move({ from: 'folder/secret', to: 'x' }))).toEqual([400, 'PATH_ESCAPE']);
    expect(await readFile(join(fs.outside, 'secret'), 'utf8')).toBe('secret');
  });
});
