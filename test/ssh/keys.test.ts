import { spawnSync } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { generateKeyPair, readPrivateKey } from '../../src/ssh/index.ts';
import { tempDir } from '../helpers/temp.ts';

const sshKeygen = (...args: string[]) => spawnSync('ssh-keygen', args, { encoding: 'utf8' });

describe('generateKeyPair', () => {
  it('makes a pair that OpenSSH itself reads and finds to belong together', async () => {
    await using temp = await tempDir();
    const file = join(temp.path, 'key');
    const pair = generateKeyPair('ca-test');
    await writeFile(file, pair.privateKey, { mode: 0o600 });
    const derived = sshKeygen('-y', '-f', file);
    expect(derived).toMatchObject({ status: 0 });
    expect(derived.stdout.split(' ').slice(0, 2)).toEqual(pair.publicKey.split(' ').slice(0, 2));
    expect(pair.publicKey).toMatch(/^ssh-ed25519 \S+ ca-test$/);
  });

  it('never answers one of the malformed pairs that ssh2 makes', () => {
    for (let i = 0; i < 700; i += 1) {
      expect(ssh2.utils.parseKey(generateKeyPair('x').privateKey)).not.toBeInstanceOf(Error);
    }
  });
});

describe('readPrivateKey', () => {
  it('reads a key that ssh-keygen made', async () => {
    await using temp = await tempDir();
    const file = join(temp.path, 'key');
    sshKeygen('-q', '-t', 'ed25519', '-N', '', '-f', file);
    await expect(readPrivateKey(file)).resolves.toContain('OPENSSH PRIVATE KEY');
  });

  it('says what to do about a file that is missing, a directory, a public key, or no key', async () => {
    await using temp = await tempDir();
    const file = join(temp.path, 'key');
    sshKeygen('-q', '-t', 'ed25519', '-N', '', '-f', file);
    await writeFile(join(temp.path, 'text'), 'hello');
    const hintOf = (path: string) =>
      expect.objectContaining({ code: 'SSH_KEY_UNREADABLE', facts: { path }, retry: 'unsafe' });
    const cases: [string, RegExp][] = [
      [join(temp.path, 'nowhere'), /ssh-keygen -t ed25519/],
      [temp.path, /not of its directory/],
      [`${file}.pub`, /private one/],
      [join(temp.path, 'text'), /ssh-keygen -y/],
    ];
    for (const [path, hint] of cases) {
      const error: unknown = await readPrivateKey(path).catch((caught: unknown) => caught);
      expect(error).toEqual(hintOf(path));
      expect(error).toHaveProperty('hint', expect.stringMatching(hint));
    }
  });

  it('says that keys with a passphrase are not supported', async () => {
    await using temp = await tempDir();
    const file = join(temp.path, 'key');
    sshKeygen('-q', '-t', 'ed25519', '-N', 'secret-phrase', '-f', file);
    await chmod(file, 0o600);
    await expect(readPrivateKey(file)).rejects.toMatchObject({
      code: 'SSH_KEY_UNREADABLE',
      hint: expect.stringContaining('ssh-keygen -p') as string,
    });
  });
});
