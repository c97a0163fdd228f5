import type { Resources } from '../driver.ts';
import type { HostArch } from './host.ts';
import { memoryArgs, type GuestMemory } from './memory-args.ts';
import { eventsSocket } from './paths.ts';

/** How QEMU runs a guest's processors. */
export type Accelerator = 'kvm' | 'hvf' | 'tcg';

/** Direct boot of a kernel: no firmware, no boot loader, no waiting for either. */
export interface DirectBoot {
  readonly kernel: string;
  readonly initrd: string;
}

/** What a guest's command line is made from. */
export interface GuestArgs {
  readonly arch: HostArch;
  readonly accelerator: Accelerator;
  readonly resources: Resources;
  readonly disk: string;
  readonly console: string;
  readonly qmp: string;
  readonly name: string;
  readonly boot?: DirectBoot | undefined;
  /** Told to the guest by its kernel's command line: a public key may be. */
  readonly authorizedKey?: string | undefined;
  /** Firmware file that arm64 needs where there is no direct boot. */
  readonly firmware?: string | undefined;
  /** Folder shown to the guest as a small read-only FAT disk for cloud-init. */
  readonly seed?: string | undefined;
  readonly guestPorts: readonly number[];
  /** Memory in a file, not in the process alone. */
  readonly memory?: GuestMemory | undefined;
  /** Waits to be given the state of a guest that was saved. */
  readonly isIncoming?: boolean | undefined;
}

/** The full argument vector. Pure. */
export function guestArgs(guest: GuestArgs): string[] {
  return [
    ['-name', guest.name, '-nodefaults', '-no-user-config', '-display', 'none'],
    machineArgs(guest.arch, guest.accelerator),
    ['-smp', String(guest.resources.cpu), '-m', String(guest.resources.memoryMiB)],
    ['-serial', `file:${guest.console}`],
    [guest.qmp, eventsSocket(guest.qmp)].flatMap((path) => ['-qmp', `unix:${path},server=on,wait=off`]),
    diskArgs(guest.disk),
    ['-netdev', `user,id=n0${forwards(guest.guestPorts)}`, '-device', 'virtio-net-pci,netdev=n0,romfile='],
    ['-device', 'virtio-rng-pci'],
    guest.boot ? kernelArgs(guest.boot, guest) : [],
    guest.firmware === undefined ? [] : ['-bios', guest.firmware],
    guest.seed === undefined ? [] : seedArgs(guest.seed),
    // A guest is told when it was copied; only a PC can be.
    guest.arch.node === 'x64' ? ['-device', 'vmgenid,guid=auto,id=generation'] : [],
    guest.memory ? memoryArgs(guest.memory, guest.arch, guest.resources.memoryMiB) : [],
    // Nothing runs before it is told to, whatever the saved state says.
    guest.isIncoming ? ['-S', '-incoming', 'defer'] : [],
  ].flat();
}

/** The arguments that choose machine, accelerator and processor. */
export function machineArgs(arch: HostArch, accelerator: Accelerator): string[] {
  const machine = arch.node === 'arm64' ? 'virt' : 'q35';
  const accel = accelerator === 'tcg' ? 'tcg,thread=multi' : accelerator;
  return ['-machine', machine, '-accel', accel, '-cpu', accelerator === 'tcg' ? 'max' : 'host'];
}

/** Port 0 lets the kernel choose a free port, so that nothing can take it in between. */
function forwards(ports: readonly number[]): string {
  return ports.map((port) => `,hostfwd=tcp:127.0.0.1:0-:${port}`).join('');
}

function kernelArgs(boot: DirectBoot, { arch, authorizedKey }: GuestArgs): string[] {
  const key = authorizedKey === undefined ? '' : ` vzvm.key=${toBase64(authorizedKey)}`;
  const line = `root=/dev/vda rw rootflags=noatime console=${arch.console} quiet loglevel=4 panic=-1 net.ifnames=0 vzvm.net=user mitigations=off${key}`;
  return ['-kernel', boot.kernel, '-initrd', boot.initrd, '-append', line, '-no-reboot'];
}

function toBase64(key: string): string {
  return Buffer.from(`${key.trim()}\n`).toString('base64');
}

/** Nothing in the guest outlives it, so its flushes need not reach the host's disk. The first disk given is the guest's first. */
function diskArgs(filename: string): string[] {
  const cache = { 'no-flush': true };
  const file = { driver: 'file', filename, cache, discard: 'unmap' };
  const node = filename.replace(/\.qcow2$/, '');
  return blockArgs({ driver: 'qcow2', 'node-name': node, file, cache, discard: 'unmap' });
}

function seedArgs(dir: string): string[] {
  return blockArgs({
    driver: 'vvfat',
    'node-name': 'seed',
    dir,
    label: 'CIDATA',
    'fat-type': 16,
    'read-only': true,
  });
}

function blockArgs(node: { readonly 'node-name': string; readonly [option: string]: unknown }): string[] {
  return ['-blockdev', JSON.stringify(node), '-device', `virtio-blk-pci,drive=${node['node-name']}`];
}
