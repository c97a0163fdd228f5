import { constants } from 'node:fs';
import { access, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { createHash, randomUUID } from 'node:crypto';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { isAborted, messageOf } from '../../errors.ts';
import { run } from '../../process/run.ts';
import type { LogLine } from '../driver.ts';
import { machineArgs, type Accelerator } from './args.ts';
import type { HostArch } from './host.ts';

const TRIAL_MS = 10_000;

/** What a trial needs. */
export interface TrialOptions {
  readonly bin: string;
  readonly version: string;
  readonly arch: HostArch;
  readonly cacheDir: string;
  /** The kernel that guests will boot; without one the firmware is tried. */
  readonly kernel?: string | undefined;
  /** The device that KVM is reached by. */
  readonly device?: string | undefined;
  readonly platform?: NodeJS.Platform | undefined;
  readonly signal: AbortSignal;
  readonly log: LogLine;
}

/**
 * Chooses the accelerator by booting with it: /dev/kvm can exist, open, and still be unable to run a stock kernel.
 * The verdict is kept for this QEMU, this kernel and this boot of the host.
 */
export async function chooseAccelerator(options: TrialOptions): Promise<Accelerator> {
  const candidate = await hardwareCandidate(options.log, options.device, options.platform);
  if (candidate === undefined) return 'tcg';
  const file = join(options.cacheDir, 'qemu', `accelerator-${await verdictKey(options, candidate)}`);
  const known = await readFile(file, 'utf8').catch(() => undefined); // Not tried yet.
  if (known === candidate || known === 'tcg') return known;
  const verdict = (await boots(candidate, options)) ? candidate : 'tcg';
  options.log(
    verdict === 'tcg'
      ? `${candidate} does not run guests here: emulating, which is slow`
      : `using ${verdict}`,
  );
  await mkdir(join(options.cacheDir, 'qemu'), { recursive: true });
  const aside = `${file}.${randomUUID()}`;
  await writeFile(aside, verdict);
  await rename(aside, file);
  return verdict;
}

/** What the newest trial since this host was started came to; undefined where there was none. */
export async function lastVerdict(cacheDir: string): Promise<string | undefined> {
  const folder = join(cacheDir, 'qemu');
  const names = await readdir(folder).catch(() => []); // Nothing was ever tried.
  const files = names
    .filter((name) => /^accelerator-[0-9a-f]+$/.test(name))
    .map((name) => join(folder, name));
  const tried = await Promise.all(files.map(async (file) => ({ file, at: (await stat(file)).mtimeMs })));
  const [newest] = tried.toSorted((one, other) => other.at - one.at);
  const startedAt = Date.now() - uptime() * 1000;
  return newest && newest.at > startedAt ? readFile(newest.file, 'utf8') : undefined;
}

/** The accelerator that this host may have; undefined where there is certainly none. */
export async function hardwareCandidate(
  log: LogLine,
  device = '/dev/kvm',
  platform: NodeJS.Platform = process.platform,
): Promise<'kvm' | 'hvf' | undefined> {
  if (platform === 'darwin') return 'hvf';
  if (platform !== 'linux') return undefined;
  try {
    await access(device, constants.R_OK | constants.W_OK);
    return 'kvm';
  } catch (error) {
    const isDenied = (error as NodeJS.ErrnoException).code === 'EACCES';
    log(
      isDenied
        ? `no permission for ${device}: run sudo usermod -aG kvm $USER, then log in anew`
        : `no ${device}: emulating`,
    );
    return undefined;
  }
}

async function boots(accelerator: 'kvm' | 'hvf', options: TrialOptions): Promise<boolean> {
  options.log(`trying whether ${accelerator} runs a guest`);
  try {
    const args = trialArgs(options.arch, accelerator, options.kernel);
    const result = await run(options.bin, args, { timeoutMs: TRIAL_MS, signal: options.signal });
    if (options.kernel === undefined) return result.exitCode === 0;
    // Without a disk, a kernel that runs comes exactly this far.
    return /VFS: (?:Unable to mount|Cannot open) root/.test(result.stdout);
  } catch (error) {
    if (isAborted(error)) throw error;
    options.log(`${accelerator}: ${messageOf(error)}`);
    // Firmware for arm64 waits for a disk without end: still running means that it runs.
    return options.kernel === undefined && options.arch.node === 'arm64';
  }
}

/** Boots nothing but a kernel, or the firmware, and ends by itself. Pure. */
export function trialArgs(arch: HostArch, accelerator: Accelerator, kernel: string | undefined): string[] {
  const boot =
    kernel === undefined
      ? ['-boot', 'reboot-timeout=1']
      : ['-kernel', kernel, '-append', `console=${arch.console} panic=-1`];
  return [
    ['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-serial', 'stdio', '-m', '256'],
    machineArgs(arch, accelerator),
    boot,
  ].flat();
}

async function verdictKey(options: TrialOptions, candidate: string): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''); // No such thing on macOS.
  const kernel =
    options.kernel === undefined ? '' : `${options.kernel} ${(await stat(options.kernel)).mtimeMs}`;
  const parts = [candidate, options.bin, options.version, kernel, boot.trim()];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
