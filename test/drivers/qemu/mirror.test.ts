import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { debianMirror, sourceLines } from '../../../src/drivers/qemu/mirror.ts';
import { tempDir } from '../../helpers/temp.ts';

async function mirrorOf(files: Readonly<Record<string, string>>) {
  await using root = await tempDir();
  await mkdir(join(root.path, 'etc/apt/sources.list.d'), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(root.path, 'etc/apt', name), text);
  return debianMirror(root.path);
}

test('reads one-line sources, with and without options', async () => {
  const text = [
    '# deb http://old.example/debian bookworm main',
    'deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian/ bookworm main',
    'deb http://mirror.example/debian-security bookworm-security main',
  ].join('\n');
  expect(await mirrorOf({ 'sources.list': text })).toEqual({
    main: 'http://mirror.example/debian',
    security: 'http://mirror.example/debian-security',
  });
});

test('reads deb822 sources and passes over disabled ones', async () => {
  const text = [
    'Types: deb\nEnabled: no\nURIs: http://off.example/debian\nSuites: bookworm',
    'Types: deb\n# a comment\nURIs: https://on.example/debian\nSuites: bookworm',
  ].join('\n\n');
  expect(await mirrorOf({ 'sources.list.d/debian.sources': text })).toEqual({
    main: 'https://on.example/debian',
  });
});

test("never takes a vendor's packages or another distribution for Debian", async () => {
  const vendor =
    'deb https://packages.vendor.example/apt stable main\ndeb http://archive.ubuntu.com/ubuntu noble main\n';
  expect(await mirrorOf({ 'sources.list.d/vendor.list': vendor })).toEqual({
    main: 'http://deb.debian.org/debian',
    security: 'http://deb.debian.org/debian-security',
  });
});

test('uses the default on a host without apt', async () => {
  expect((await debianMirror('/nonexistent')).main).toBe('http://deb.debian.org/debian');
});

test('asks a mirror without security updates for none', () => {
  expect(sourceLines({ main: 'http://m/debian' }, 'bookworm')).toEqual([
    'deb http://m/debian bookworm main',
    'deb http://m/debian bookworm-updates main',
  ]);
});
