import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BootTimes } from '../../src/journal/index.ts';
import { tempDir } from '../helpers/temp.ts';

describe('the times of past boots', () => {
  it('say what a step usually takes, of its kind alone, once it was seen twice', async () => {
    await using temp = await tempDir();
    const times = new BootTimes(temp.path);
    expect(await times.usual('qemu kvm base')).toEqual({});
    for (const ms of [900, 100, 200]) await times.add('qemu kvm base', { cloning: ms });
    await times.add('qemu kvm base', { spawn: 5 });
    await times.add('qemu tcg base', { cloning: 7 });
    expect(await new BootTimes(temp.path).usual('qemu kvm base')).toEqual({ cloning: 200 });
    expect(await times.usual('qemu tcg base')).toEqual({});
  });

  it('are bounded, in a file that nobody else reads, with nothing beside it', async () => {
    await using temp = await tempDir();
    const times = new BootTimes(temp.path);
    for (let ms = 0; ms < 40; ms += 1) await times.add('a', { cloning: ms });
    for (let kind = 0; kind < 40; kind += 1) await times.add(`kind ${kind}`, { cloning: 1 });
    expect(await readdir(temp.path)).toEqual(['boot-times.json']);
    const path = join(temp.path, 'boot-times.json');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const { kinds } = JSON.parse(await readFile(path, 'utf8')) as { kinds: Record<string, unknown> };
    expect(Object.keys(kinds)).toHaveLength(32);
    expect(Object.keys(kinds).at(-1)).toBe('kind 39');
    expect(kinds['a']).toBeUndefined();
  });

  it('forget the oldest times of a step', async () => {
    await using temp = await tempDir();
    const times = new BootTimes(temp.path);
    for (const ms of [...Array<number>(15).fill(1_000), ...Array<number>(15).fill(10)])
      await times.add('a', { cloning: ms });
    expect(await times.usual('a')).toEqual({ cloning: 10 });
  });

  it('keep all that one program adds at once', async () => {
    await using temp = await tempDir();
    const times = new BootTimes(temp.path);
    const added = [1, 2, 3].map((ms) => times.add('a', { cloning: ms }));
    await times.settled();
    await Promise.all(added);
    expect(await times.usual('a')).toEqual({ cloning: 2 });
  });

  it('begin anew where the file is torn', async () => {
    await using temp = await tempDir();
    const times = new BootTimes(temp.path);
    await writeFile(join(temp.path, 'boot-times.json'), '{"version":1,"kinds":{"a":{"clo');
    expect(await times.usual('a')).toEqual({});
    await times.add('a', { cloning: 1 });
    await times.add('a', { cloning: 1 });
    expect(await times.usual('a')).toEqual({ cloning: 1 });
  });

  it('write nothing where the folder is gone, and say what else went wrong', async () => {
    await using temp = await tempDir();
    await new BootTimes(join(temp.path, 'gone')).add('a', { cloning: 1 });
    expect(await readdir(temp.path)).toEqual([]);
    await writeFile(join(temp.path, 'file'), '');
    await expect(new BootTimes(join(temp.path, 'file')).add('a', { cloning: 1 })).rejects.toThrow('ENOTDIR');
  });
});
