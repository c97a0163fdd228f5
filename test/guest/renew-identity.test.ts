import { existsSync } from 'node:fs';
import { readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { type GuestIdentity, newIdentity } from '../../src/actors/new-identity.ts';
import { renewIdentityCommand } from '../../src/guest/index.ts';
import { canIsolate, converse, GUEST_USER, guestRoot } from './helpers/guest-root.ts';

const { identity } = newIdentity('ca-1-new');
const COMMAND = renewIdentityCommand({ user: GUEST_USER.name });
const hex = (value: string, encoding: BufferEncoding = 'utf8') =>
  Buffer.from(value, encoding).toString('hex');

/** What the harness feeds the program, with the clock as it is. */
function fields(change: Partial<GuestIdentity> = {}): string {
  const given = { ...identity, time: Date.now(), ...change };
  const all = {
    'machine-id': hex(given.machineId),
    hostname: hex(given.hostname),
    'host-key': hex(given.hostKey.privateKey),
    'host-key-public': hex(given.hostKey.publicKey),
    'authorized-key': hex(given.authorizedKey),
    seed: hex(given.seed, 'base64'),
    time: hex(String(given.time)),
    ...(given.mac === undefined ? {} : { mac: hex(given.mac) }),
  };
  return `${Object.entries(all)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('')}end\n`;
}

type Root = Awaited<ReturnType<typeof guestRoot>>;
const modeOf = async (path: string) => {
  const { mode, uid, gid } = await stat(path);
  return [(mode & 0o7777).toString(8), uid, gid];
};

/** A machine whose address is fixed. */
const FIXED = 'mount -t tmpfs tmpfs /run; : > /run/vzvm-fixed-address';

// A busy machine may let half a second pass between the sending of the time and its reading, and the clock cannot be set.
describe.runIf(canIsolate)('the program that renews an identity', { retry: 2 }, () => {
  it('writes every part of it, takes away what was the template’s, and touches nothing of the host', async () => {
    await using root = await guestRoot();
    const outside = [hostname(), await readFile('/etc/machine-id', 'utf8').catch(() => '')];
    const shown = ['sh', '-c', '"$@"; cat /proc/sys/kernel/hostname', 'sh', ...COMMAND];
    const done = await converse(root.wrap(shown), fields);
    expect(done).toEqual({ exitCode: 0, stdout: 'ready\nrenewed\nca-1-new\n', stderr: '' });

    const content = (name: string) => readFile(root.file(name), 'utf8');
    expect(await content('etc/machine-id')).toBe(`${identity.machineId}\n`);
    expect(await content('lib/dbus/machine-id')).toBe(`${identity.machineId}\n`);
    expect(await content('etc/hostname')).toBe('ca-1-new\n');
    expect(await content('etc/hosts')).toBe('127.0.0.1 localhost\n127.0.1.1 ca-1-new\n::1 localhost\n');
    expect(await content('etc/ssh/ssh_host_ed25519_key')).toBe(identity.hostKey.privateKey);
    expect(await content('etc/ssh/ssh_host_ed25519_key.pub')).toBe(`${identity.hostKey.publicKey}\n`);
    expect(await content('home/.ssh/authorized_keys')).toBe(`${identity.authorizedKey}\n`);
    expect((await readdir(root.file('etc/ssh'))).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'ssh_host_ed25519_key',
      'ssh_host_ed25519_key.pub',
      'sshd_config',
    ]);
    expect(await readdir(root.file('home/.ssh'))).toEqual(['authorized_keys']);
    expect(await readdir(root.file('lib/systemd'))).toEqual([]);
    expect(await modeOf(root.file('etc/machine-id'))).toEqual(['444', 0, 0]);
    expect(await modeOf(root.file('etc/ssh/ssh_host_ed25519_key'))).toEqual(['600', 0, 0]);
    expect(await modeOf(root.file('etc/ssh/ssh_host_ed25519_key.pub'))).toEqual(['644', 0, 0]);
    const { uid } = GUEST_USER;
    expect(await modeOf(root.file('home/.ssh/authorized_keys'))).toEqual(['600', uid, uid]);
    expect([hostname(), await readFile('/etc/machine-id', 'utf8').catch(() => '')]).toEqual(outside);
  });

  it('makes what is missing, and leaves a machine id that only points to the other', async () => {
    await using root = await guestRoot();
    const dbus = root.file('lib/dbus/machine-id');
    await Promise.all([
      rm(dbus),
      rm(root.file('home/.ssh'), { recursive: true }),
      rm(root.file('etc/hosts')),
    ]);
    await Promise.all([rm(root.file('lib/systemd'), { recursive: true }), rm(root.file('etc/hostname'))]);
    await symlink('/etc/machine-id', dbus);
    expect(await converse(root.wrap(COMMAND), fields)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await modeOf(root.file('home/.ssh'))).toEqual(['700', GUEST_USER.uid, GUEST_USER.uid]);
    expect(existsSync(root.file('home/.ssh/authorized_keys'))).toBe(true);
    expect(await readFile(root.file('etc/hosts'), 'utf8')).toContain('127.0.1.1 ca-1-new\n');
  });

  it('gives the default interface its address', async () => {
    await using root = await guestRoot();
    const link =
      'ip link add other type veth peer name default0; ip link set other up; ip link set default0 up';
    const route = 'ip addr add 10.0.0.2/24 dev default0; ip route add default via 10.0.0.1';
    const shown = ['sh', '-c', '"$@"; cat /sys/class/net/default0/address', 'sh', ...COMMAND];
    const first = `${FIXED}; mount -t sysfs sysfs /sys; ${link}; ${route}`;
    const mac = '52:54:00:0a:0b:0c';
    const done = await converse(root.wrap(shown, { net: true, first }), () => fields({ mac }));
    expect(done).toEqual({ exitCode: 0, stdout: `ready\nrenewed\n${mac}\n`, stderr: '' });
  });

  it('leaves the interface alone where its address is given by a server', async () => {
    await using root = await guestRoot();
    const done = await converse(root.wrap(COMMAND, { net: true, first: 'mount -t tmpfs tmpfs /run' }), () =>
      fields({ mac: '52:54:00:0a:0b:0c' }),
    );
    expect(done).toEqual({ exitCode: 0, stdout: 'ready\nrenewed\n', stderr: '' });
  });

  const failures: readonly [string, string, (root: Root) => readonly string[], () => string][] = [
    [
      'the clock is wrong and cannot be set',
      'setting the clock: Operation not permitted\n',
      (root) => root.wrap(COMMAND),
      () => fields({ time: Date.now() - 3_600_000 }),
    ],
    [
      'the kernel takes no seed',
      'RNDADDENTROPY: Operation not permitted\n',
      (root) => root.wrap(COMMAND, { without: 'sys_admin' }),
      fields,
    ],
    [
      'the seed is short',
      'the seed is short\n',
      (root) => root.wrap(COMMAND),
      () => fields({ seed: 'AAAA' }),
    ],
    [
      'a file cannot be written',
      '/etc/ssh/ssh_host_ed25519_key.vzvm-new: Read-only file system\n',
      (root) =>
        root.wrap(COMMAND, { first: 'mount --bind /etc/ssh /etc/ssh; mount -o remount,bind,ro /etc/ssh' }),
      fields,
    ],
    [
      'there is no interface for the address',
      'no default interface\n',
      (root) => root.wrap(COMMAND, { net: true, first: FIXED }),
      () => fields({ mac: '52:54:00:0a:0b:0c' }),
    ],
    [
      'a part is missing',
      'hostname was not given\n',
      (root) => root.wrap(COMMAND),
      () => 'machine-id 00\nend\n',
    ],
    ['there is nothing to renew', '', (root) => root.wrap(COMMAND), () => ''],
    ['it is cut short', '', (root) => root.wrap(COMMAND), () => fields().slice(0, -4)],
  ];

  it.each(failures)(
    'fails and says what failed, and nothing else, when %s',
    async (_what, says, command, input) => {
      await using root = await guestRoot();
      const { exitCode, stdout, stderr } = await converse(command(root), input);
      expect({ stdout, stderr }).toEqual({ stdout: 'ready\n', stderr: says });
      expect(exitCode).toBeGreaterThan(0);
    },
  );

  it('is not ready for a user that there is not, nor without root’s rights', async () => {
    await using root = await guestRoot();
    const unknown = await converse(root.wrap(renewIdentityCommand({ user: 'nobody-here' })), fields);
    expect(unknown).toMatchObject({ stdout: '', stderr: 'there is no user nobody-here\n' });
    // No sudo is found there, which is how it is where a password would be asked for.
    const plain = [
      'setpriv',
      '--reuid',
      '4242',
      '--regid',
      '4242',
      '--clear-groups',
      'env',
      'PATH=/bin',
      ...COMMAND,
    ];
    const refused = await converse(root.wrap(plain), fields);
    expect(refused.exitCode).toBeGreaterThan(0);
    expect(refused.stdout).toBe('');
  });
});
