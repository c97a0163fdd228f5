import type { Finding } from '../driver.ts';
import { hardwareCandidate, lastVerdict } from './accelerator.ts';
import type { Accelerator } from './args.ts';
import { spaceFinding } from '../space-finding.ts';
import type { HostArch } from './host.ts';
import { qemuVersion, toolFinding, toolVersion } from './tools.ts';

/** Where `check()` looks. */
export interface CheckPlaces {
  readonly arch: HostArch;
  readonly bin: string;
  readonly stateDir: string;
  readonly cacheDir: string;
}

/** Looks at everything that this driver needs on a host; reports, and never rejects for what is missing. */
export async function checkHost(
  places: CheckPlaces,
  wanted: { readonly minFreeMiB: number; readonly accelerator: 'auto' | Accelerator },
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { arch, bin } = places;
  const tools = process.platform === 'linux' ? ['qemu-img', 'mmdebstrap', 'mke2fs'] : ['qemu-img'];
  return Promise.all([
    toolFinding(bin, () => qemuVersion(bin, arch.node, signal)),
    ...tools.map((tool) => toolFinding(tool, () => toolVersion(tool, arch.node, signal))),
    spaceFinding('space for guests', places.stateDir, wanted.minFreeMiB),
    spaceFinding('space for images', places.cacheDir, wanted.minFreeMiB),
    acceleratorFinding(wanted.accelerator, places.cacheDir),
  ]);
}

async function acceleratorFinding(accelerator: 'auto' | Accelerator, cacheDir: string): Promise<Finding> {
  const subject = 'accelerator';
  if (accelerator === 'tcg') {
    return { level: 'warning', subject, message: 'tcg: guests are emulated, about ten times slower' };
  }
  if (accelerator !== 'auto') return { level: 'ok', subject, message: accelerator };
  let why = '';
  const candidate = await hardwareCandidate((line) => (why = line));
  const verdict = candidate && (await lastVerdict(cacheDir));
  if (candidate && verdict !== 'tcg') {
    const message = verdict ?? `${candidate}, if it passes the trial at the first boot`;
    return { level: 'ok', subject, message };
  }
  const message = candidate ? `${candidate} was tried and does not run guests: they are emulated` : why;
  const fix = 'use a host with hardware virtualisation (nested virtualisation, on a virtual machine)';
  return { level: 'warning', subject, message, fix };
}
