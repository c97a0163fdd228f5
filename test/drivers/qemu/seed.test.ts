import { expect, test } from 'vitest';
import { seedFiles } from '../../../src/drivers/qemu/seed.ts';

const seed = {
  guest: 'ca-1-0123456789ab',
  user: 'agent',
  authorizedKey: 'ssh-ed25519 AAAA "quoted" comment\n',
};

test('tells cloud-init the user and the public key, whatever is in its comment', () => {
  const [first, ...rest] = (seedFiles(seed)['user-data'] ?? '').split('\n');
  expect(first).toBe('#cloud-config');
  expect(JSON.parse(rest.join('\n'))).toMatchObject({
    users: [{ name: 'agent', lock_passwd: true, ssh_authorized_keys: ['ssh-ed25519 AAAA "quoted" comment'] }],
    ssh_pwauth: false,
  });
});

test('gives each guest an instance of its own, so that cloud-init runs', () => {
  expect(JSON.parse(seedFiles(seed)['meta-data'] ?? '')).toMatchObject({ 'instance-id': seed.guest });
});
