import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasDisk, unmountDisk } from './disk.ts';
import type { RunPlace } from './place.ts';

const PATIENCE_MS = 10_000;
const LOOK_MS = 50;

/** Ends a run that nobody wants to know the end of: what it has started, its disk, its folders, its control group. */
export async function abandon(place: RunPlace): Promise<void> {
  try {
    await endAll(place);
    await place.group?.remove();
  } finally {
    await removePlace(place);
  }
}

/** The stand-in's network may write down something yet: it ends when it cannot. */
export async function removePlace(place: RunPlace): Promise<void> {
  if (hasDisk(place)) unmountDisk(place);
  await rm(place.root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

/** Whoever starts another one meanwhile is ended with it. */
async function endAll({ group }: RunPlace): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const pids = ((await group?.pids()) ?? []).filter((pid) => pid !== process.pid);
    if (pids.length === 0 || Date.now() > deadline) return;
    for (const pid of pids) kill(pid);
    await sleep(LOOK_MS);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
