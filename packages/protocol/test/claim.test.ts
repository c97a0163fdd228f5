import { describe, expect, it } from 'vitest';
import { claimBody, claimIdentity } from '../src/index.ts';

const identity = {
  machineId: '0123456789abcdef0123456789abcdef',
  hostname: 'ca-1-0a',
  hostKey: {
    privateKey: '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\nBB==\n-----END OPENSSH PRIVATE KEY-----\n',
    publicKey: 'ssh-ed25519 AAAA a comment',
  },
  authorizedKey: 'ecdsa-sha2-nistp256 AAAA=',
  seed: Buffer.alloc(64, 7).toString('base64'),
  time: 1_700_000_000_000,
};

describe('claimIdentity', () => {
  it('takes what a machine needs to be itself, with or without an address', () => {
    expect(claimIdentity.parse(identity)).toEqual(identity);
    const withMac = { ...identity, mac: '52:54:00:0a:0b:0c' };
    expect(claimIdentity.parse(withMac)).toEqual(withMac);
  });

  it.each([
    ['machineId', `${identity.machineId}\n`],
    ['machineId', identity.machineId.slice(1)],
    ['hostname', 'a.b'],
    ['hostname', '-a'],
    ['hostname', 'a\n127.0.0.1 b'],
    ['hostKey', { ...identity.hostKey, privateKey: 'no key' }],
    ['hostKey', { ...identity.hostKey, publicKey: 'ssh-rsa AAAA' }],
    ['authorizedKey', 'ssh-ed25519 AAAA\nssh-ed25519 BBBB'],
    ['authorizedKey', 'command="x" ssh-ed25519 AAAA'],
    ['seed', Buffer.alloc(63).toString('base64')],
    ['seed', '#'.repeat(88)],
    ['time', 0],
    ['mac', '53:54:00:0a:0b:0c'],
    ['mac', '52:54:00:0a:0b'],
  ])('refuses a %s that is %j', (field, value) => {
    expect(claimIdentity.safeParse({ ...identity, [field]: value }).success).toBe(false);
  });
});

describe('claimBody', () => {
  it('needs a token and an environment', () => {
    const least = { token: 'a-token-of-this-test', env: {} };
    expect(claimBody.parse(least)).toEqual(least);
    expect(claimBody.safeParse({ ...least, token: 'short' }).success).toBe(false);
    expect(claimBody.safeParse({ token: least.token }).success).toBe(false);
  });
});
