import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { VzvmError } from '../../errors.ts';
import { killed, startTimeOf } from '../../process/end-process.ts';
import { spawnDetached, type DetachedProcess } from '../../process/spawn-detached.ts';
import type { ExitReport, GuestProcess } from '../driver.ts';
import { guestArgs, type Accelerator, type DirectBoot } from './args.ts';
import { bootError } from './boot-error.ts';
import { findFirmware } from './firmware.ts';
import type { HostArch } from './host.ts';
import { runningPid } from './guest-run.ts';
import type { GuestMemory } from './memory-args.ts';
import { eventsSocket, type GuestFiles } from './paths.ts';
import { qmp } from './qmp.ts';
import { writeJson, type GuestSettings } from './settings.ts';
import { standstillOf } from './standstill.ts';
import { parseForwards } from './usernet.ts';

const READY_TIMEOUT_MS = 15_000;
const POLL_MS = 20;
/** Guest ports that the host reaches: SSH and the harness. */
export const GUEST_PORTS: readonly number[] = [22, 7700];

/** What a start needs besides the guest's files. */
export interface StartContext {
  readonly guest: string;
  readonly bin: string;
  readonly arch: HostArch;
  readonly accelerator: Accelerator;
  readonly settings: GuestSettings;
  /** How it comes to run, where it does not boot. */
  readonly incoming?: Incoming;
}

/** A guest that goes on from where another one was saved. */
export interface Incoming {
  readonly memory: GuestMemory;
  readonly guestPorts: readonly number[];
  /** Given in the place of what it was booted with. */
  readonly boot?: DirectBoot;
  /** What QEMU reads as its file descriptor 3. */
  readonly stateFile?: string;
  /** Resolves once it runs, with the ports that it forwards. */
  readonly resume: (child: DetachedProcess) => Promise<Record<number, number>>;
}

/** Starts QEMU, and waits until it runs and has told which ports it forwards. A failed or aborted start leaves no process. */
export async function startGuest(
  files: GuestFiles,
  context: StartContext,
  signal: AbortSignal,
): Promise<GuestProcess> {
  if (signal.aborted) throw new VzvmError('ABORTED', 'the start was cancelled');
  if ((await runningPid(files)) !== undefined) throw alreadyRuns(context.guest);
  const args = await argsOf(files, context);
  const { incoming, settings } = context;
  for (const socket of [settings.qmp, eventsSocket(settings.qmp)]) await rm(socket, { force: true });
  // What an earlier run had in memory is nothing to boot with.
  if (!incoming && settings.memoryFile !== undefined)
    await rm(join(files.folder, settings.memoryFile), { force: true });
  const child = await spawnDetached(context.bin, args, {
    logFile: files.log,
    cwd: files.folder,
    guest: context.guest,
    inputFile: incoming?.stateFile,
  });
  try {
    const startTime = await startTimeOf(child.pid);
    const identity = { pid: child.pid, ...(startTime === undefined ? {} : { startTime }) };
    await writeJson(files.process, { ...identity, ports: {} });
    const ports = await (incoming?.resume(child) ?? forwardedPorts(child, context, signal));
    await writeJson(files.process, { ...identity, ports });
    const { pid, exited, unref } = child;
    return { pid, exited, unref, standstill: standstillOf(context.guest, files, settings.qmp) };
  } catch (error) {
    const report = await killed(child);
    if (!report) throw error; // It is found by its file, and told of, by whoever releases the guest.
    await rm(files.process, { force: true });
    throw startError(error, context.guest, report);
  }
}

async function argsOf(files: GuestFiles, context: StartContext): Promise<string[]> {
  const { settings, incoming } = context;
  const own = settings.memoryFile === undefined ? undefined : { file: settings.memoryFile, isShared: true };
  const needsFirmware = settings.boot === undefined && context.arch.node === 'arm64';
  return guestArgs({
    arch: context.arch,
    accelerator: context.accelerator,
    resources: settings.resources,
    name: context.guest,
    // QEMU runs in the guest's folder: its files need no long paths, and no escapes in its option syntax.
    disk: settings.disk ?? 'disk.qcow2',
    console: 'console.log',
    qmp: settings.qmp.startsWith(files.folder) ? 'qmp.sock' : settings.qmp,
    boot: incoming?.boot ?? settings.boot,
    authorizedKey: settings.authorizedKey,
    firmware: needsFirmware ? await findFirmware() : undefined,
    seed: settings.hasSeed ? 'seed' : undefined,
    guestPorts: incoming?.guestPorts ?? GUEST_PORTS,
    memory: incoming?.memory ?? own,
    isIncoming: incoming !== undefined,
  });
}

async function forwardedPorts(
  child: DetachedProcess,
  context: StartContext,
  signal: AbortSignal,
): Promise<Record<number, number>> {
  const exited = child.exited.then((report): never => {
    throw bootError(context.guest, report);
  });
  exited.catch(() => undefined); // Told by the race below, or of no interest any more.
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    if (signal.aborted) throw new VzvmError('ABORTED', 'the start was cancelled');
    try {
      const ports = await Promise.race([exited, askForwards(context.settings.qmp, signal)]);
      if (GUEST_PORTS.every((port) => ports[port] !== undefined)) return ports;
    } catch (error) {
      // Only a socket that does not answer yet is worth another look.
      if (!(error instanceof VzvmError) || error.code !== 'COMMAND_FAILED' || performance.now() >= deadline)
        throw error;
    }
    if (performance.now() >= deadline)
      throw new VzvmError('BOOT_FAILED', 'QEMU did not forward the ports that it was told to', {
        hint: 'boot again; if it happens again, see that QEMU has user-mode networking: qemu-system-x86_64 -netdev help',
      });
    await Promise.race([exited, sleep(POLL_MS)]);
  }
}

async function askForwards(socket: string, signal: AbortSignal): Promise<Record<number, number>> {
  const command = { execute: 'human-monitor-command', arguments: { 'command-line': 'info usernet' } };
  return parseForwards(String(await qmp(socket, command, { timeoutMs: 5_000, signal })));
}

function startError(error: unknown, guest: string, report: ExitReport): VzvmError {
  if (error instanceof VzvmError && error.code !== 'COMMAND_FAILED') return error;
  // It ended by itself, which was seen by its connection first.
  if (report.signal === null) return bootError(guest, report);
  return new VzvmError('BOOT_FAILED', `QEMU did not become ready within ${READY_TIMEOUT_MS} ms`, {
    facts: { guest, timeoutMs: READY_TIMEOUT_MS },
    hint: 'the host may be overloaded: try again, or lower cpu and memoryMiB',
    stderrTail: report.stderrTail,
    retry: 'safe',
    cause: error,
  });
}

function alreadyRuns(guest: string): VzvmError {
  return new VzvmError('BOOT_FAILED', `the guest ${guest} runs already`, {
    facts: { guest },
    hint: 'stop it first, or clone another',
  });
}
