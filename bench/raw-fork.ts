import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { guestArgs } from '../src/drivers/qemu/args.ts';
import { hostArch } from '../src/drivers/qemu/host.ts';
import { QmpSession } from '../src/drivers/qemu/qmp-session.ts';
import { MEMORY, OVERLAY, STATE } from '../src/drivers/qemu/snapshots/layout.ts';
import { readManifest } from '../src/drivers/qemu/snapshots/manifest.ts';
import { standInOf } from '../src/drivers/qemu/snapshots/stand-in.ts';
import { GUEST_PORTS } from '../src/drivers/qemu/start.ts';
import { parseForwards } from '../src/drivers/qemu/usernet.ts';
import { runQemu } from './by-hand-vm.ts';
import { untilHealthy } from './floor.ts';
import type { Place } from './place.ts';

const POLL_MS = 2;
const LONGEST_MS = 60_000;

/** A fork with the driver's arguments, a few words to QEMU and nothing else, until its parked harness answers. */
export async function forkByHand(place: Place, caller: AbortSignal): Promise<{ healthy: number[] }> {
  const template = await templateOf(place);
  const folder = join(place.folder, 'raw-fork');
  const end = new AbortController();
  const signal = AbortSignal.any([caller, end.signal, AbortSignal.timeout(LONGEST_MS)]);
  let ended: Promise<unknown> = Promise.resolve();
  try {
    const started = performance.now();
    await mkdir(folder, { mode: 0o700 });
    await copyFile(join(template.folder, OVERLAY), join(folder, 'disk.qcow2'));
    ended = runQemu(hostArch().qemu, argsOf(template), folder, signal).then((why) => end.abort(why));
    const port = await goOn(join(folder, 'qmp.sock'), join(template.folder, STATE), signal);
    await untilHealthy(`http://127.0.0.1:${port}/v1/health`, signal, POLL_MS);
    return { healthy: [performance.now() - started] };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    end.abort(new Error('the VM is to end'));
    await ended;
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

type Template = Awaited<ReturnType<typeof templateOf>>;

async function templateOf({ cacheDir }: Place) {
  const images = join(cacheDir, 'qemu');
  const name = (await readdir(images)).find((each) => /^template-[0-9a-f]+$/.test(each));
  const folder = join(images, name ?? '');
  const manifest = name === undefined ? undefined : await readManifest(folder);
  if (!manifest) throw new Error('there is no template');
  return { folder, manifest };
}

function argsOf({ folder, manifest: { settings, accelerator, standIn } }: Template): string[] {
  return guestArgs({
    arch: hostArch(),
    accelerator,
    resources: settings.resources,
    disk: 'disk.qcow2',
    console: 'console.log',
    qmp: 'qmp.sock',
    name: 'vzvm-bench',
    boot: standIn ? standInOf(folder, standIn) : settings.boot,
    authorizedKey: settings.authorizedKey,
    guestPorts: GUEST_PORTS,
    memory: { file: join(folder, MEMORY), isShared: false },
    isIncoming: true,
  });
}

async function goOn(socket: string, state: string, signal: AbortSignal): Promise<number> {
  const session = await opened(socket, signal);
  try {
    const capabilities = ['x-ignore-shared', 'events'].map((capability) => ({ capability, state: true }));
    const [usernet] = await Promise.all([
      session.execute('human-monitor-command', { 'command-line': 'info usernet' }),
      session.execute('migrate-set-capabilities', { capabilities }),
      session.execute('migrate-incoming', { uri: `exec:cat '${state}'` }),
      session.event(({ name, data }) => name === 'MIGRATION' && data['status'] === 'completed'),
    ]);
    await session.execute('cont');
    return parseForwards(String(usernet))[7700] ?? 0;
  } finally {
    session.close();
  }
}

async function opened(socket: string, signal: AbortSignal): Promise<QmpSession> {
  for (;;) {
    try {
      return await QmpSession.open(socket, { timeoutMs: LONGEST_MS, signal });
    } catch {
      signal.throwIfAborted(); // The socket comes some moments after the program.
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}
