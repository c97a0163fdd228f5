import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type ClaimIdentity, claimIdentity } from '../../packages/protocol/src/index.ts';
import { type GuestIdentity, newIdentity } from '../../src/actors/new-identity.ts';
import { tempDir } from '../helpers/temp.ts';

const run = promisify(execFile);

describe('newIdentity', () => {
  it('makes what the protocol takes', () => {
    const { identity } = newIdentity('ca-1-0a');
    expect(claimIdentity.parse(identity)).toEqual(identity);
    expect(identity.hostname).toBe('ca-1-0a');
    // Administered locally, of one interface alone.
    expect(Number.parseInt(identity.mac.slice(0, 2), 16) & 0b11).toBe(0b10);
    expectTypeOf<Required<GuestIdentity>>().toExtend<Required<ClaimIdentity>>();
    expectTypeOf<keyof ClaimIdentity>().toEqualTypeOf<keyof GuestIdentity>();
  });

  it('makes another one each time, also for one name', () => {
    const [first, second] = [newIdentity('vm'), newIdentity('vm')];
    for (const field of ['machineId', 'hostKey', 'authorizedKey', 'seed', 'mac'] as const) {
      expect(first.identity[field]).not.toEqual(second.identity[field]);
    }
    expect(first.keys).not.toEqual(second.keys);
    expect(first.identity.hostKey).not.toEqual(first.keys);
  });

  it.each([
    ['My.VM_1', 'my-vm-1'],
    ['-_-', 'vm'],
    [`${'a'.repeat(62)}--b`, 'a'.repeat(62)],
  ])('makes of the name %s the hostname %s', (name, hostname) => {
    const { identity } = newIdentity(name);
    expect(identity.hostname).toBe(hostname);
    expect(claimIdentity.safeParse(identity).success).toBe(true);
  });

  it('makes keys that OpenSSH reads, and the fingerprint that it gives the host key', async () => {
    await using temp = await tempDir();
    const { identity, hostKey } = newIdentity('vm');
    const file = join(temp.path, 'key');
    await writeFile(file, identity.hostKey.privateKey, { mode: 0o600 });
    const { stdout: publicKey } = await run('ssh-keygen', ['-y', '-f', file]);
    expect(publicKey.split(' ').slice(0, 2)).toEqual(identity.hostKey.publicKey.split(' ').slice(0, 2));
    const { stdout: print } = await run('ssh-keygen', ['-l', '-f', file]);
    expect(print.split(' ')[1]).toBe(hostKey);
  });
});
