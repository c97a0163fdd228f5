import { access, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseGuestName } from '../guest-name.ts';
import { isKeptVm } from './kept-name.ts';

/** What of a VM Tart itself lists: one that lacks a file is invisible, and without the first cannot be deleted either. */
const FILES = ['config.json', 'disk.img', 'nvram.bin'];

/** VMs of ours that Tart does not list, because some of their files are gone. */
export async function damagedGuests(home: string): Promise<readonly string[]> {
  const names = await readdir(join(home, 'vms')).catch(() => []); // There is no VM yet.
  const ours = names.filter((name) => parseGuestName(name) !== undefined);
  const whole = await Promise.all(ours.map((name) => isWhole(join(home, 'vms', name))));
  return ours.filter((_, index) => !whole[index]);
}

/** Removes what Tart says it does not know: under our own names alone. */
export async function removeDebris(home: string, name: string): Promise<void> {
  if (parseGuestName(name) === undefined && !isKeptVm(name)) return;
  await rm(join(home, 'vms', name), { recursive: true, force: true, maxRetries: 3 });
}

async function isWhole(folder: string): Promise<boolean> {
  const looks = FILES.map((file) => access(join(folder, file)));
  return (await Promise.allSettled(looks)).every(({ status }) => status === 'fulfilled');
}
