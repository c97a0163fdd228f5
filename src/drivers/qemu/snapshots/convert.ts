import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { makeGuest } from '../clone.ts';
import { filesIn } from '../paths.ts';
import type { QmpSession } from '../qmp-session.ts';
import { startGuest, type Incoming } from '../start.ts';
import { deleteGuest } from '../stop.ts';
import { makeEmptyDisk, type DiskChain } from './disks.ts';
import { MEMORY, SEED, STATE, STREAM, WORKSHOP } from './layout.ts';
import { lastingSettings } from './manifest.ts';
import { beginSave, contentOf, loadState, quit, reached, setCapabilities, written } from './migration.ts';
import { whenListening } from './resume.ts';
import type { Saving } from './saving.ts';

const TIMEOUT_MS = 5 * 60_000;

/**
 * Turns a stream of memory and state into a file that is the memory and a small one that is the rest, by a QEMU that
 * loads the one and saves the other. It never runs the guest.
 */
export async function convert(saving: Saving, disk: string, chain: DiskChain): Promise<void> {
  const { bin, arch, accelerator, temp, signal } = saving;
  const files = filesIn(join(temp, WORKSHOP));
  try {
    const settings = await makeGuest(WORKSHOP, files, 0, async () => {
      await makeEmptyDisk(files.disk, join('..', disk), chain.virtualBytes, signal);
      if (saving.settings.hasSeed) await symlink(saving.files.seed, join(files.folder, SEED));
      return lastingSettings(saving.settings);
    });
    const incoming: Incoming = {
      memory: { file: join(temp, MEMORY), isShared: true },
      guestPorts: [],
      resume: (child) => {
        const who = { guest: saving.guest, socket: settings.qmp, child, timeoutMs: TIMEOUT_MS, signal };
        return whenListening(who, (session) => splitUp(session, temp, signal));
      },
    };
    const context = { guest: `${saving.guest}-template`, bin, arch, accelerator, settings, incoming };
    const { exited } = await startGuest(files, context, signal);
    await exited;
  } finally {
    await deleteGuest(WORKSHOP, files, saving.log);
  }
}

async function splitUp(
  session: QmpSession,
  temp: string,
  signal: AbortSignal,
): Promise<Record<number, number>> {
  await setCapabilities(session, {});
  await loadState(session, contentOf(join(temp, STREAM)));
  await rm(join(temp, STREAM));
  await setCapabilities(session, { 'x-ignore-shared': true });
  await beginSave(session, join(temp, STATE));
  await reached(session, 'completed');
  await written(join(temp, STATE), signal);
  await quit(session);
  return {};
}
