import { messageOf } from '../errors.ts';
import { freeMiB } from './disk-space.ts';
import type { Finding } from './driver.ts';

/** Whether a folder's disk has room. */
export async function spaceFinding(subject: string, folder: string, neededMiB: number): Promise<Finding> {
  try {
    const free = await freeMiB(folder);
    const message = `${free} MiB free in ${folder}`;
    if (free >= neededMiB) return { level: 'ok', subject, message };
    return { level: 'error', subject, message, fix: `free at least ${neededMiB} MiB: df -h ${folder}` };
  } catch (error) {
    return { level: 'error', subject, message: messageOf(error), fix: `make ${folder} readable` };
  }
}
