import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeTree } from '../../src/session/remove-tree.ts';

const PROGRAM = fileURLToPath(new URL('./remove-program.ts', import.meta.url));

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'remove-test-'))));
afterEach(() => rm(folder, { recursive: true }));

/** A chain of folders that is longer than any path may be, as a program makes it that changes its folder. */
async function makeDeep(top: string): Promise<void> {
  const part = Array.from({ length: 9 }, () => 'x'.repeat(200)).join('/');
  await mkdir(join(top, part), { recursive: true });
  await writeFile(join(top, part, 'file'), 'x');
  for (let i = 0; i < 4; i++) {
    const next = join(folder, `next${i}`);
    await mkdir(join(next, part), { recursive: true });
    await rename(join(top, 'x'.repeat(200)), join(next, part, 'y'.repeat(200)));
    await rename(join(next, 'x'.repeat(200)), join(top, 'x'.repeat(200)));
    await rm(next, { recursive: true });
  }
}

describe('a working directory is removed', () => {
  it('however deep it is', async () => {
    const top = join(folder, 'top');
    await makeDeep(top);
    await expect(rm(top, { recursive: true })).rejects.toThrow('ENAMETOOLONG');
    await removeTree(top);
    expect(await readdir(folder)).toEqual([]);
  });

  it('though its owner may neither read nor change it', async () => {
    await chmod(folder, 0o777);
    await promisify(execFile)(process.execPath, [PROGRAM, join(folder, 'top')]);
    expect(await readdir(folder)).toEqual([]);
  });

  it('and what its links lead to is not', async () => {
    await mkdir(join(folder, 'top'));
    await mkdir(join(folder, 'kept'), { mode: 0o500 });
    await symlink(join(folder, 'kept'), join(folder, 'top', 'link'));
    await makeDeep(join(folder, 'top'));
    await removeTree(join(folder, 'top'));
    expect(await readdir(folder)).toEqual(['kept']);
    await removeTree(join(folder, 'none'));
  });
});
