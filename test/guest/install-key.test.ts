import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installKeyCommand } from '../../src/guest/index.ts';
import { sh } from '../helpers/sh.ts';
import { tempDir } from '../helpers/temp.ts';

const KEY = 'ssh-ed25519 AAAAC3Nza ca-test';
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

describe('installKeyCommand', () => {
  it('makes the file with modes that sshd accepts, and adds the key once', async () => {
    await using home = await tempDir();
    const env = { HOME: home.path };
    for (let i = 0; i < 2; i += 1) {
      expect(await sh(installKeyCommand(), { input: `${KEY}\n`, env })).toMatchObject({
        exitCode: 0,
        stderr: '',
      });
    }
    const file = join(home.path, '.ssh', 'authorized_keys');
    expect(await readFile(file, 'utf8')).toBe(`${KEY}\n`);
    expect(await modeOf(file)).toBe(0o600);
    expect(await modeOf(join(home.path, '.ssh'))).toBe(0o700);
  });

  it('keeps keys that are there, also behind a last line without an end', async () => {
    await using home = await tempDir();
    await mkdir(join(home.path, '.ssh'), { mode: 0o777 });
    const file = join(home.path, '.ssh', 'authorized_keys');
    await writeFile(file, 'ssh-rsa OLD somebody', { mode: 0o666 });
    await sh(installKeyCommand(), { input: `${KEY}\n`, env: { HOME: home.path } });
    expect(await readFile(file, 'utf8')).toBe(`ssh-rsa OLD somebody\n${KEY}\n`);
    expect(await modeOf(file)).toBe(0o600);
  });

  it('fails without a key', async () => {
    await using home = await tempDir();
    const result = await sh(installKeyCommand(), { env: { HOME: home.path } });
    expect(result.exitCode).not.toBe(0);
  });
});
