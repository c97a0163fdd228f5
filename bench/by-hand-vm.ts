import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dialTcp } from '../src/drivers/dial-tcp.ts';
import { guestArgs, type Accelerator } from '../src/drivers/qemu/args.ts';
import { hostArch } from '../src/drivers/qemu/host.ts';
import type { Artifact } from '../src/drivers/qemu/images/artifact.ts';
import { qmp } from '../src/drivers/qemu/qmp.ts';
import { GUEST_PORTS } from '../src/drivers/qemu/start.ts';
import { parseForwards } from '../src/drivers/qemu/usernet.ts';
import { isAborted } from '../src/errors.ts';
import { run } from '../src/process/run.ts';
import { firstBanner } from './first-banner.ts';

/** The resources of every guest here, those of the runtime's own defaults. */
export const RESOURCES = { cpu: 2, memoryMiB: 2048 } as const;

const LONGEST_LIFE_MS = 60 * 60_000;
const BOOT_MS = 5 * 60_000;
const POLL_MS = 20;

/** What a VM is started from by hand. */
export interface ByHand {
  /** Made for the VM, and gone with it. */
  readonly folder: string;
  readonly artifact: Artifact;
  readonly accelerator: Accelerator;
  readonly authorizedKey?: string | undefined;
  readonly signal: AbortSignal;
}

/** A VM that nothing looks after but its measurement. */
export interface ByHandVm extends AsyncDisposable {
  /** qemu-img create. */
  readonly overlayMs: number;
  /** From the start of the QEMU program to the banner of the guest's SSH server. */
  readonly bannerMs: number;
  /** Guest port → port on the host's loopback. */
  readonly ports: Readonly<Record<number, number>>;
  /** Aborted when QEMU has ended or is to end. */
  readonly signal: AbortSignal;
}

/** An overlay and QEMU with the same arguments as the driver's, and nothing else, until SSH shows itself. */
export async function startByHand(what: ByHand): Promise<ByHandVm> {
  const end = new AbortController();
  const signal = AbortSignal.any([what.signal, end.signal]);
  let ended: Promise<unknown> = Promise.resolve();
  const dispose = async () => {
    end.abort(new Error('the VM is to end'));
    await ended;
    await rm(what.folder, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    const begun = performance.now();
    await makeOverlay(what);
    const overlayMs = performance.now() - begun;
    const started = performance.now();
    ended = qemu(what, signal).then((why) => end.abort(why));
    const ports = await forwardedPorts(join(what.folder, 'qmp.sock'), signal);
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(BOOT_MS)]);
    await firstBanner((dialSignal) => dialTcp('127.0.0.1', ports[22] ?? 0, dialSignal), deadline);
    const bannerMs = performance.now() - started;
    return { overlayMs, bannerMs, ports, signal, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    const reason: unknown = signal.aborted ? signal.reason : error;
    await dispose();
    throw reason;
  }
}

async function makeOverlay({ folder, artifact, signal }: ByHand): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  const args = ['create', '-q', '-f', 'qcow2', '-F', artifact.format, '-b', artifact.disk, 'disk.qcow2'];
  const { exitCode, stderrTail } = await run('qemu-img', args, { timeoutMs: 30_000, signal, cwd: folder });
  if (exitCode !== 0) throw new Error(`qemu-img ended with ${exitCode}: ${stderrTail}`);
}

/** Resolves, never rejects, with why QEMU has ended. */
async function qemu(
  { folder, artifact, accelerator, authorizedKey }: ByHand,
  signal: AbortSignal,
): Promise<Error> {
  const arch = hostArch();
  const args = guestArgs({
    arch,
    accelerator,
    resources: RESOURCES,
    disk: 'disk.qcow2',
    console: 'console.log',
    qmp: 'qmp.sock',
    name: 'vzvm-bench',
    boot: artifact.boot,
    authorizedKey,
    guestPorts: GUEST_PORTS,
  });
  return runQemu(arch.qemu, args, folder, signal);
}

/** QEMU in a folder until it ends or is aborted. Resolves, never rejects, with why it has ended. */
export async function runQemu(
  bin: string,
  args: readonly string[],
  folder: string,
  signal: AbortSignal,
): Promise<Error> {
  try {
    const [file = bin, ...rest] = [...endsWithUs(), bin, ...args];
    const result = await run(file, rest, { timeoutMs: LONGEST_LIFE_MS, signal, cwd: folder });
    return new Error(`QEMU ended with ${result.exitCode}: ${result.stderrTail}`);
  } catch (error) {
    return error as Error;
  }
}

/** Nothing looks after this VM but the benchmark: where the kernel can, it ends one whose benchmark was killed. */
function endsWithUs(): readonly string[] {
  return process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'KILL'] : [];
}

async function forwardedPorts(socket: string, signal: AbortSignal): Promise<Record<number, number>> {
  const command = { execute: 'human-monitor-command', arguments: { 'command-line': 'info usernet' } };
  for (;;) {
    try {
      const ports = parseForwards(String(await qmp(socket, command, { timeoutMs: 5_000, signal })));
      if (GUEST_PORTS.every((port) => ports[port] !== undefined)) return ports;
    } catch (error) {
      // The socket comes some moments after the program: only an end of the program is a reason to give up.
      if (isAborted(error) || signal.aborted) throw error;
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}
