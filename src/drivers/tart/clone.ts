import { VzvmError } from '../../errors.ts';
import { freeMiB } from '../disk-space.ts';
import type { CloneRequest } from '../driver.ts';
import { EXIT_VM_STATE, type TartCli } from './cli.ts';
import { deleteVm } from './delete.ts';
import { tartError } from './failure.ts';
import { hintOfSizes } from './hints.ts';

const LOOK_TIMEOUT_MS = 30_000;
const CLONE_TIMEOUT_MS = 280_000;

/** Clones and configures. Tart would replace an existing VM without a word, so the name is looked up first. */
export async function cloneVm(
  tart: TartCli,
  request: CloneRequest,
  minFreeMiB: number,
  signal: AbortSignal,
): Promise<void> {
  await demandFreeName(tart, request.guest, signal);
  await demandSpace(tart, minFreeMiB);
  try {
    await clone(tart, request, signal);
    await configure(tart, request, signal);
  } catch (error) {
    // A clone that failed late, or was cancelled, may have made the VM all the same.
    await deleteVm(tart, request.guest);
    throw error;
  }
}

/** Tart clones on a full disk as well: then the guest's own writes fail. */
async function demandSpace(tart: TartCli, minFreeMiB: number): Promise<void> {
  const free = await freeMiB(tart.home);
  if (free >= minFreeMiB) return;
  throw new VzvmError(
    'DISK_FULL',
    `no space for a VM in ${tart.home}: ${free} MiB free, ${minFreeMiB} MiB needed`,
    {
      facts: { path: tart.home, freeMiB: free, neededMiB: minFreeMiB },
      hint: `make room, see df -h ${tart.home}: tart prune --older-than 30; or choose another disk with TART_HOME`,
      retry: 'safe',
    },
  );
}

async function demandFreeName(tart: TartCli, guest: string, signal: AbortSignal): Promise<void> {
  const result = await tart.run(['get', guest, '--format', 'json'], { timeoutMs: LOOK_TIMEOUT_MS, signal });
  if (result.exitCode === EXIT_VM_STATE) return;
  if (result.exitCode !== 0)
    throw tartError(tart, 'CLONE_FAILED', `looking for ${guest}`, result, 'run: tart list', 'safe');
  throw new VzvmError('NAME_TAKEN', `there is a VM ${guest} already`, {
    facts: { guest },
    hint: `remove it if nobody uses it: npx vzvm rm ${guest}`,
  });
}

async function clone(tart: TartCli, { image, guest }: CloneRequest, signal: AbortSignal): Promise<void> {
  const source = image.digest.startsWith('local:') ? image.ref : image.digest;
  const result = await tart.run(['clone', source, guest], { timeoutMs: CLONE_TIMEOUT_MS, signal });
  if (result.exitCode === 0) return;
  if (result.exitCode === EXIT_VM_STATE) {
    throw tartError(
      tart,
      'IMAGE_NOT_FOUND',
      `image ${image.ref} is gone`,
      result,
      `run: tart pull ${image.ref}`,
    );
  }
  throw tartError(
    tart,
    'CLONE_FAILED',
    `cloning ${image.ref}`,
    result,
    `try it by hand: tart clone ${source} ${guest}`,
    'safe',
  );
}

/** A MAC address of its own, always: with the image's, `tart ip` answers another VM's address. */
async function configure(
  tart: TartCli,
  { guest, resources }: CloneRequest,
  signal: AbortSignal,
): Promise<void> {
  const disk = resources.diskGiB === undefined ? [] : ['--disk-size', String(toDecimalGb(resources.diskGiB))];
  const sizes = ['--cpu', String(resources.cpu), '--memory', String(resources.memoryMiB), ...disk];
  const result = await tart.run(['set', guest, '--random-mac', ...sizes], {
    timeoutMs: LOOK_TIMEOUT_MS,
    signal,
  });
  if (result.exitCode === 0) return;
  throw tartError(
    tart,
    'CLONE_FAILED',
    `configuring ${guest}`,
    result,
    hintOfSizes(result.stderrTail, resources),
  );
}

/** Tart counts disks in decimal gigabytes. */
function toDecimalGb(gib: number): number {
  return Math.ceil((gib * 2 ** 30) / 1e9);
}
