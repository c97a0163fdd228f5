import { readdir, readFile, readlink } from 'node:fs/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import { isOfNetwork } from '../leftovers.ts';
import type { RunPlace } from '../place.ts';
import { diskUsage } from './disk-usage.ts';

/** What one VM after the other must not add to. */
export interface Sample {
  /** Objects of this process, after the garbage is collected. */
  readonly heapKiB: number;
  readonly residentKiB: number;
  readonly fileDescriptors: number;
  /** Of those, what is neither file nor pipe. */
  readonly sockets: number;
  /** All that was started and still runs, this process aside. */
  readonly processes: number;
  /** What those and this one hold in memory. */
  readonly othersKiB: number;
  /** The VMs' folders, the journal and what is temporary; without the table of leases, which is the host's. */
  readonly diskKiB: number;
  readonly files: number;
  readonly mounts: number;
}

export type Measure = keyof Sample;

/** Looks from outside: at the kernel's files, and at the folders. */
export async function takeSample(place: RunPlace): Promise<Sample> {
  // Twice: what the first has finalized is garbage for the second.
  for (let round = 0; round < 2; round++) globalThis.gc?.();
  const { rss } = process.memoryUsage();
  const others = await ownProcesses(place);
  const [links, usage, mounts, sizes] = await Promise.all([
    openFiles(),
    diskUsage([place.stateDir, place.temporary, place.tartHome]),
    readFile('/proc/self/mounts', 'utf8'),
    Promise.all(others.map(residentKiB)),
  ]);
  return {
    heapKiB: objectsKiB(),
    residentKiB: Math.round(rss / 1024),
    fileDescriptors: links.length,
    sockets: links.filter((link) => link.startsWith('socket:')).length,
    processes: others.length,
    othersKiB: sizes.reduce((sum, size) => sum + size, 0),
    ...usage,
    mounts: mounts.trimEnd().split('\n').length,
  };
}

/** Machine code that V8 makes of functions that are called often, and its tables: no VM holds it. */
const CODE = /^(?:shared_)?(?:code|trusted)_/;

function objectsKiB(): number {
  const spaces = getHeapSpaceStatistics().filter(({ space_name: name }) => !CODE.test(name));
  return Math.round(spaces.reduce((sum, { space_used_size: used }) => sum + used, 0) / 1024);
}

/** Without the network of the host, which stays for a moment after its last guest: so it is there at one look and not at the next. */
async function ownProcesses({ group }: RunPlace): Promise<readonly number[]> {
  const pids = ((await group?.pids()) ?? []).filter((pid) => pid !== process.pid);
  const ofNetwork = await Promise.all(pids.map((pid) => isOfNetwork(String(pid))));
  return pids.filter((_, index) => !ofNetwork[index]);
}

async function openFiles(): Promise<string[]> {
  const folder = '/proc/self/fd';
  const links = (await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => ''));
  // The one that reads the folder is gone by now.
  return (await Promise.all(links)).filter(Boolean);
}

async function residentKiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
}
