import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Image, KeepRequest, KeptImage } from '../driver.ts';
import {
  demandKey,
  keptSchema,
  listRecords,
  markUsed,
  newRecord,
  readRecord,
  removeFiles,
  writeRecord,
} from '../kept.ts';
import { EXIT_VM_STATE, type TartCli } from './cli.ts';
import { deleteVm } from './delete.ts';
import { tartError } from './failure.ts';
import { keptVmOf as vmOf } from './kept-name.ts';

const LOOK_TIMEOUT_MS = 30_000;
const CLONE_TIMEOUT_MS = 280_000;

const record = keptSchema.extend({
  login: z.object({ user: z.string(), privateKey: z.string().exactOptional() }),
});

/** Kept images are VMs of Tart's own that never run; what they hold is written down beside. */
export interface KeptVms {
  readonly tart: TartCli;
  readonly folder: string;
}

/** Keeps a stopped VM as another one. The record comes last: without it the VM counts as none, and is replaced. */
export async function keepVm(kept: KeptVms, request: KeepRequest, signal: AbortSignal): Promise<void> {
  demandKey(request.key);
  if (await findKeptVm(kept, request.key, signal)) return;
  const name = vmOf(request.key);
  await deleteVm(kept.tart, name);
  try {
    const clone = await kept.tart.run(['clone', request.guest, name], {
      timeoutMs: CLONE_TIMEOUT_MS,
      signal,
    });
    if (clone.exitCode !== 0) {
      const hint = 'free some space: tart prune --older-than 30';
      throw tartError(kept.tart, 'IMAGE_BUILD_FAILED', `keeping ${request.guest}`, clone, hint, 'safe');
    }
    await mkdir(kept.folder, { recursive: true, mode: 0o700 });
    await writeRecord(recordOf(kept, request.key), {
      ...newRecord(request, 0),
      login: request.login,
    } as z.infer<typeof record>);
  } catch (error) {
    await deleteVm(kept.tart, name);
    throw error;
  }
}

/** Tart cannot put a key into a clone: first contact is by a key that only this image has. */
export async function findKeptVm(
  kept: KeptVms,
  key: string,
  signal: AbortSignal,
): Promise<Image | undefined> {
  demandKey(key);
  const file = recordOf(kept, key);
  const known = await readRecord(file, record);
  if (!known) return undefined;
  const name = vmOf(key);
  const look = await kept.tart.run(['get', name, '--format', 'json'], { timeoutMs: LOOK_TIMEOUT_MS, signal });
  if (look.exitCode === EXIT_VM_STATE) await removeFiles(file);
  if (look.exitCode !== 0) return undefined;
  await markUsed(file);
  return { ref: name, digest: `local:${name}`, acceptsKey: false, login: known.login };
}

/** All kept images, the last used first. */
export function listKeptVms({ folder }: KeptVms): Promise<readonly KeptImage[]> {
  return listRecords(folder, (entry) => (entry.endsWith('.json') ? entry : undefined));
}

/** Removes one. The record goes first: what is half removed must not be found. */
export async function removeKeptVm(kept: KeptVms, key: string): Promise<void> {
  demandKey(key);
  await removeFiles(recordOf(kept, key));
  await deleteVm(kept.tart, vmOf(key));
}

const recordOf = ({ folder }: KeptVms, key: string): string => join(folder, `${key}.json`);
