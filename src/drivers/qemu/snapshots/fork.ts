import { copyFile, cp } from 'node:fs/promises';
import { join } from 'node:path';
import { VzvmError } from '../../../errors.ts';
import type { GuestProcess } from '../../driver.ts';
import { makeGuest } from '../clone.ts';
import type { GuestFiles } from '../paths.ts';
import type { QmpSession } from '../qmp-session.ts';
import { GUEST_PORTS, startGuest, type Incoming } from '../start.ts';
import { deleteGuest } from '../stop.ts';
import { parseForwards } from '../usernet.ts';
import type { SnapshotContext } from './context.ts';
import { MEMORY, OVERLAY, SEED, STATE } from './layout.ts';
import { INPUT, loadState, setCapabilities } from './migration.ts';
import { whenListening } from './resume.ts';
import { standInOf } from './stand-in.ts';
import type { Template } from './store.ts';

const TIMEOUT_MS = 30_000;

/** Starts a guest from a template: its memory and disk are the template's until it writes. What fails leaves nothing. */
export async function forkGuest(
  guest: string,
  files: GuestFiles,
  from: Template,
  context: SnapshotContext,
  signal: AbortSignal,
): Promise<GuestProcess> {
  if (signal.aborted) throw new VzvmError('ABORTED', 'the fork was cancelled');
  const { folder, manifest } = from;
  const settings = await makeGuest(guest, files, context.minFreeMiB, async () => {
    await copyFile(join(folder, OVERLAY), files.disk);
    if (manifest.settings.hasSeed) await cp(join(folder, SEED), files.seed, { recursive: true });
    return manifest.settings;
  });
  const { bin, arch } = context;
  const { accelerator, standIn } = manifest;
  const incoming: Incoming = {
    memory: { file: join(folder, MEMORY), isShared: false },
    guestPorts: GUEST_PORTS,
    ...(standIn ? { boot: standInOf(folder, standIn) } : {}),
    stateFile: join(folder, STATE),
    resume: (child) =>
      whenListening({ guest, socket: settings.qmp, child, timeoutMs: TIMEOUT_MS, signal }, goOn),
  };
  try {
    return await startGuest(files, { guest, bin, arch, accelerator, settings, incoming }, signal);
  } catch (error) {
    await deleteGuest(guest, files, context.log);
    throw error;
  }
}

/** All at once: QEMU does one after the other. */
async function goOn(session: QmpSession): Promise<Record<number, number>> {
  const [usernet] = await Promise.all([
    session.execute('human-monitor-command', { 'command-line': 'info usernet' }),
    setCapabilities(session, { 'x-ignore-shared': true }),
    loadState(session, INPUT),
  ]);
  await session.execute('cont');
  return parseForwards(String(usernet));
}
