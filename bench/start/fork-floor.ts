import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { guestArgs } from '../../src/drivers/qemu/args.ts';
import { hostArch } from '../../src/drivers/qemu/host.ts';
import { MEMORY, OVERLAY, STATE } from '../../src/drivers/qemu/snapshots/layout.ts';
import { INPUT, loadState, setCapabilities } from '../../src/drivers/qemu/snapshots/migration.ts';
import { readManifest } from '../../src/drivers/qemu/snapshots/manifest.ts';
import { whenListening } from '../../src/drivers/qemu/snapshots/resume.ts';
import { standInOf } from '../../src/drivers/qemu/snapshots/stand-in.ts';
import { GUEST_PORTS } from '../../src/drivers/qemu/start.ts';
import { parseForwards } from '../../src/drivers/qemu/usernet.ts';
import { spawnDetached } from '../../src/process/spawn-detached.ts';
import { untilHealthy } from '../floor.ts';
import type { Place } from '../place.ts';

const TIMEOUT_MS = 30_000;

/**
 * QEMU by hand from the template to the first healthy answer: a copy of the empty overlay, the same command line, the same
 * state, and nothing else. The guest keeps the template's identity.
 */
export async function forkFloor(place: Place, signal: AbortSignal): Promise<number> {
  const template = await templateIn(place);
  const folder = join(place.folder, 'fork-by-hand');
  const begun = performance.now();
  await mkdir(folder, { mode: 0o700 });
  try {
    await copyFile(join(template, OVERLAY), join(folder, 'disk.qcow2'));
    return await inQemu(template, folder, signal, async (port) => {
      await untilHealthy(`http://127.0.0.1:${port}/v1/health`, signal, 5);
      return performance.now() - begun;
    });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function templateIn({ cacheDir }: Place): Promise<string> {
  const images = join(cacheDir, 'qemu');
  const name = (await readdir(images)).find((each) => /^template-[0-9a-f]+$/.test(each));
  if (name === undefined) throw new Error('no template was made');
  return join(images, name);
}

async function inQemu(
  template: string,
  folder: string,
  signal: AbortSignal,
  measure: (port: number) => Promise<number>,
): Promise<number> {
  const { arch, args } = await commandLine(template);
  const [logFile, inputFile] = [join(folder, 'qemu.log'), join(template, STATE)];
  const child = await spawnDetached(arch.qemu, args, { logFile, cwd: folder, inputFile });
  try {
    const socket = join(folder, 'qmp.sock');
    const who = { guest: 'by hand', socket, child, timeoutMs: TIMEOUT_MS, signal };
    const ports = await whenListening(who, async (session) => {
      const usernet = session.execute('human-monitor-command', { 'command-line': 'info usernet' });
      await Promise.all([
        usernet,
        setCapabilities(session, { 'x-ignore-shared': true }),
        loadState(session, INPUT),
      ]);
      await session.execute('cont');
      return parseForwards(String(await usernet));
    });
    return await measure(ports[7700] ?? 0);
  } finally {
    child.kill('SIGKILL');
    await child.exited;
  }
}

async function commandLine(template: string) {
  const arch = hostArch();
  const manifest = await readManifest(template);
  if (!manifest) throw new Error('the template cannot be read');
  const { settings, standIn, accelerator } = manifest;
  const args = guestArgs({
    arch,
    accelerator,
    resources: settings.resources,
    disk: 'disk.qcow2',
    console: 'console.log',
    qmp: 'qmp.sock',
    name: 'vzvm-bench',
    boot: standIn ? standInOf(template, standIn) : settings.boot,
    authorizedKey: settings.authorizedKey,
    guestPorts: GUEST_PORTS,
    memory: { file: join(template, MEMORY), isShared: false },
    isIncoming: true,
  });
  return { arch, args };
}
