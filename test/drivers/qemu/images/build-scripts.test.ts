import { expect, test } from 'vitest';
import { hostArch } from '../../../../src/drivers/qemu/host.ts';
import {
  DISK_SCRIPT,
  mmdebstrapArgs,
  recipeDigest,
} from '../../../../src/drivers/qemu/images/build-scripts.ts';
import { RECIPES, type Recipe } from '../../../../src/drivers/qemu/images/recipe.ts';
import { run } from '../../../../src/process/run.ts';

const recipe = RECIPES['debian:12'] as Recipe;
const mirror = { main: 'http://m.example/debian', security: 'http://m.example/debian-security' };
const build = { arch: hostArch('x64'), mirror, tar: 'root.tar', isRoot: true };

test('asks for the kernel of the architecture and for the sources of the suite', () => {
  const args = mmdebstrapArgs(recipe, { ...build, arch: hostArch('arm64') });
  expect(args).toContain('--architectures=arm64');
  expect(args.find((arg) => arg.startsWith('--include='))).toMatch(/linux-image-cloud-arm64$/);
  expect(args.slice(-5)).toEqual([
    'bookworm',
    'root.tar',
    'deb http://m.example/debian bookworm main',
    'deb http://m.example/debian bookworm-updates main',
    'deb http://m.example/debian-security bookworm-security main',
  ]);
});

test('needs no root: a user name space does as well', () => {
  expect(mmdebstrapArgs(recipe, { ...build, isRoot: false })).toContain('--mode=unshare');
});

test('writes only scripts that a shell can read', async () => {
  const hooks = mmdebstrapArgs(recipe, build).flatMap((arg) => /^--\w+-hook=(.*)$/s.exec(arg)?.[1] ?? []);
  expect(hooks).toHaveLength(2);
  for (const script of [...hooks, DISK_SCRIPT]) {
    expect(await run('sh', ['-n'], { timeoutMs: 30_000, input: script })).toMatchObject({ exitCode: 0 });
  }
});

test('ships no host key: each guest makes its own', () => {
  expect(mmdebstrapArgs(recipe, build).join('\n')).toContain('rm -f "$1"/etc/ssh/ssh_host_*');
});

test('gives another name to whatever is built in another way', () => {
  const digest = recipeDigest(recipe, build.arch, mirror);
  expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(recipeDigest(recipe, build.arch, mirror)).toBe(digest);
  const others = [
    recipeDigest({ ...recipe, packages: [...recipe.packages, 'vim'] }, build.arch, mirror),
    recipeDigest({ ...recipe, files: { ...recipe.files, '/etc/hostname': 'x\n' } }, build.arch, mirror),
    recipeDigest({ ...recipe, diskGiB: 9 }, build.arch, mirror),
    recipeDigest(recipe, hostArch('arm64'), mirror),
    recipeDigest(recipe, build.arch, { main: 'http://other.example/debian' }),
  ];
  expect(new Set([digest, ...others]).size).toBe(6);
});
