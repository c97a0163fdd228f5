import { expect, test } from 'vitest';
import { guestArgs, type GuestArgs } from '../../../src/drivers/qemu/args.ts';
import { hostArch } from '../../../src/drivers/qemu/host.ts';

const guest: GuestArgs = {
  arch: hostArch('x64'),
  accelerator: 'tcg',
  resources: { cpu: 2, memoryMiB: 2048 },
  disk: 'disk.qcow2',
  console: 'console.log',
  qmp: 'qmp.sock',
  name: 'ca-1-0123456789ab',
  boot: { kernel: '/cache/vmlinuz', initrd: '/cache/initrd' },
  guestPorts: [22, 7700],
};

function after(args: readonly string[], name: string): string[] {
  return args.flatMap((arg, index) => (arg === name ? [args[index + 1] ?? ''] : []));
}

test('emulates with all threads and all processor features on x86-64', () => {
  const args = guestArgs(guest);
  expect(after(args, '-machine')).toEqual(['q35']);
  expect(after(args, '-accel')).toEqual(['tcg,thread=multi']);
  expect(after(args, '-cpu')).toEqual(['max']);
  expect([after(args, '-smp'), after(args, '-m')]).toEqual([['2'], ['2048']]);
});

test('uses the virt machine, the host processor and its console on arm64', () => {
  const args = guestArgs({ ...guest, arch: hostArch('arm64'), accelerator: 'hvf' });
  expect(after(args, '-machine')).toEqual(['virt']);
  expect(after(args, '-accel')).toEqual(['hvf']);
  expect(after(args, '-cpu')).toEqual(['host']);
  expect(after(args, '-append')[0]).toContain('console=ttyAMA0');
});

test('forwards ports that the kernel chooses, on loopback only', () => {
  expect(after(guestArgs(guest), '-netdev')).toEqual([
    'user,id=n0,hostfwd=tcp:127.0.0.1:0-:22,hostfwd=tcp:127.0.0.1:0-:7700',
  ]);
});

test('listens for commands, and for one that hears of events, in the same folder', () => {
  expect(after(guestArgs(guest), '-qmp')).toEqual([
    'unix:qmp.sock,server=on,wait=off',
    'unix:events.sock,server=on,wait=off',
  ]);
  const [, events] = after(guestArgs({ ...guest, qmp: '/tmp/a/qmp.sock' }), '-qmp');
  expect(events).toMatch('unix:/tmp/a/events.sock,');
});

test('boots the kernel directly, quietly, but with panics on the console', () => {
  const args = guestArgs(guest);
  expect(after(args, '-kernel')).toEqual(['/cache/vmlinuz']);
  expect(after(args, '-append')[0]).toMatch(/root=\/dev\/vda .*quiet loglevel=4 panic=-1/);
  expect(args).toContain('-no-reboot');
});

test('gives the disk before the seed, so that the disk is the first in the guest', () => {
  const { boot: _, ...cloud } = guest;
  const args = guestArgs({ ...cloud, seed: 'seed' });
  expect(args).not.toContain('-kernel');
  expect(after(args, '-device').filter((device) => device.startsWith('virtio-blk'))).toEqual([
    'virtio-blk-pci,drive=disk',
    'virtio-blk-pci,drive=seed',
  ]);
  const [disk, seed] = after(args, '-blockdev').map((node): unknown => JSON.parse(node));
  expect(disk).toMatchObject({ driver: 'qcow2', file: { filename: 'disk.qcow2' } });
  expect(seed).toMatchObject({ driver: 'vvfat', dir: 'seed', label: 'CIDATA', 'read-only': true });
});

test('gives firmware only where it is told to', () => {
  expect(guestArgs(guest)).not.toContain('-bios');
  expect(after(guestArgs({ ...guest, firmware: '/fw.fd' }), '-bios')).toEqual(['/fw.fd']);
});

test('refuses an architecture that it does not know', () => {
  expect(() => hostArch('s390x')).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
});

test('puts memory into a file under the name that it has without one, and waits for what is to go on in it', () => {
  expect(guestArgs(guest)).not.toContain('-object');
  const memory = { file: '/tmp/a,b', isShared: false };
  const args = guestArgs({ ...guest, memory, isIncoming: true });
  expect(after(args, '-machine')).toEqual(['q35', 'memory-backend=pc.ram']);
  expect(after(args, '-object').map((object): unknown => JSON.parse(object))).toEqual([
    expect.objectContaining({ id: 'pc.ram', 'mem-path': '/tmp/a,b', size: 2048 * 1024 ** 2, share: false }),
  ]);
  expect(args.slice(-3)).toEqual(['-S', '-incoming', 'defer']);
});

test('gives a PC a device that tells it when it was copied', () => {
  expect(after(guestArgs(guest), '-device')).toContain('vmgenid,guid=auto,id=generation');
  expect(guestArgs({ ...guest, arch: hostArch('arm64') }).join(' ')).not.toContain('vmgenid');
});
