import { join } from 'node:path';
import { VzvmError } from '../../errors.ts';
import { runningPid } from './guest-run.ts';
import type { GuestFiles } from './paths.ts';
import { qmp } from './qmp.ts';
import { readSettings, writeJson } from './settings.ts';

const QMP_TIMEOUT_MS = 10_000;
/** The disk that a guest is cloned with. */
export const FIRST_DISK = 'disk.qcow2';

/**
 * Makes what is on a guest's disk so far unchangeable, and answers its file. A guest that runs goes on writing to a new
 * overlay; one that does not has given its disk away.
 */
export async function freezeDisk(guest: string, files: GuestFiles, signal: AbortSignal): Promise<string> {
  const settings = await readSettings(files.settings);
  if (!settings) {
    throw new VzvmError('CLONE_FAILED', `there is no guest ${guest}`, {
      facts: { guest },
      hint: 'its disk can be kept only before it is deleted',
    });
  }
  const { disk = FIRST_DISK } = settings;
  if ((await runningPid(files)) === undefined) return join(files.folder, disk);
  const { command, next } = freezing(disk);
  await qmp(settings.qmp, command, { timeoutMs: QMP_TIMEOUT_MS, signal });
  await writeJson(files.settings, { ...settings, disk: next });
  return join(files.folder, disk);
}

/**
 * What makes a running guest leave its disk as it is and write to the next one, which is made unless it is there. Pure.
 * The disks name each other as QEMU sees them from the guest's folder: so they may move together.
 */
export function freezing(disk: string, isThere = false) {
  const count = Number(/(\d+)\.qcow2$/.exec(disk)?.[1] ?? 0) + 1;
  const next = `disk-${count}.qcow2`;
  const command = {
    execute: 'blockdev-snapshot-sync',
    arguments: {
      'node-name': disk.replace(/\.qcow2$/, ''),
      'snapshot-file': next,
      'snapshot-node-name': `disk-${count}`,
      format: 'qcow2',
      ...(isThere ? { mode: 'existing' } : {}),
    },
  };
  return { command, next };
}
