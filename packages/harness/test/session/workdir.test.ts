import { chmod, lstat, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isPrivateFolder } from '../../src/session/private-folder.ts';
import { makeWorkdir } from '../../src/session/workdir.ts';

const FOLDER = 'computeragent-sessions';
const mode = async (path: string): Promise<number> => (await lstat(path)).mode & 0o777;

let base: string;
beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'workdir-test-')));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(base, { recursive: true });
});

describe('the folder of all sessions', () => {
  it('is the user’s own in the temporary folder, and nobody else can look into it', async () => {
    vi.stubEnv('TMPDIR', base);
    const workdir = await makeWorkdir(undefined, 'one', { stable: true });
    expect(workdir).toBe(join(base, `${FOLDER}-${process.getuid?.()}`, 'one'));
    expect([await mode(dirname(workdir)), await mode(workdir)]).toEqual([0o700, 0o700]);
  });

  it('is closed to others when it was open to them', async () => {
    await mkdir(join(base, FOLDER));
    await chmod(join(base, FOLDER), 0o777);
    await makeWorkdir(base, 'one', { stable: false });
    expect(await mode(join(base, FOLDER))).toBe(0o700);
  });

  it('is not used when somebody else has put a link there', async () => {
    const elsewhere = join(base, 'elsewhere');
    await mkdir(elsewhere, { mode: 0o755 });
    await symlink(elsewhere, join(base, FOLDER));
    const workdirs = await Promise.all([1, 2].map(() => makeWorkdir(base, 'one', { stable: true })));
    for (const workdir of workdirs) {
      expect(dirname(workdir)).toBe(base);
      expect(basename(workdir)).toMatch(/^computeragent-sessions-one-\w{6}$/);
      expect(await mode(workdir)).toBe(0o700);
    }
    expect(new Set(workdirs).size).toBe(2);
    expect([await readdir(elsewhere), await mode(elsewhere)]).toEqual([[], 0o755]);
  });

  it('is not used when it is a file', async () => {
    await writeFile(join(base, FOLDER), '');
    expect(dirname(await makeWorkdir(base, 'one', { stable: false }))).toBe(base);
  });

  it('is not private when it is another user’s, and is left as it is', async () => {
    const folder = join(base, 'made-first');
    await mkdir(folder, { mode: 0o755 });
    expect(await isPrivateFolder(folder, (process.getuid?.() ?? 0) + 1)).toBe(false);
    expect(await mode(folder)).toBe(0o755);
    expect(await isPrivateFolder(folder)).toBe(true);
    expect(await mode(folder)).toBe(0o700);
  });
});

describe('a working directory', () => {
  it('is where it was before, unless somebody is in it', async () => {
    const first = await makeWorkdir(base, 'one', { stable: true });
    const second = await makeWorkdir(base, 'one', { stable: true });
    expect(first).toBe(join(base, FOLDER, 'one'));
    expect(dirname(second)).toBe(dirname(first));
    expect(second).not.toBe(first);
    await rm(first, { recursive: true });
    expect(await makeWorkdir(base, 'one', { stable: true })).toBe(first);
  });
});
