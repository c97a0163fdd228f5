import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { VzvmError } from '../../errors.ts';
import { run } from '../../process/run.ts';
import type { CloneRequest } from '../driver.ts';
import { demandFreeMiB, diskFull } from '../disk-space.ts';
import type { Artifact } from './images/artifact.ts';
import { eventsSocket, guestFiles, type GuestFiles } from './paths.ts';
import { writeSeed } from './seed.ts';
import { writeJson, type GuestSettings } from './settings.ts';

const GIB = 1024 ** 3;
/** A socket's path has 108 bytes with its end on Linux, 104 on macOS. */
const LONGEST_SOCKET_PATH = 103;

/** What a clone needs besides its request. */
export interface CloneContext {
  readonly stateDir: string;
  readonly minFreeMiB: number;
  readonly artifact: Artifact;
  readonly qemuImg: string;
}

/** Makes a guest's folder: an overlay on the image, a seed where the image reads one, the settings. */
export async function cloneGuest(
  request: CloneRequest,
  context: CloneContext,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) throw new VzvmError('ABORTED', 'the clone was cancelled');
  const files = guestFiles(context.stateDir, request.guest);
  const neededMiB = context.minFreeMiB + (request.snapshotable ? request.resources.memoryMiB : 0);
  await makeGuest(request.guest, files, neededMiB, async () => {
    await makeOverlay(request, files, context, signal);
    const { boot, image } = context.artifact;
    const hasSeed = image.acceptsKey && !boot;
    if (hasSeed) await writeSeed(files.seed, request);
    const { resources, authorizedKey } = request;
    const byKernel = boot && image.acceptsKey ? { authorizedKey } : {};
    const inFile = request.snapshotable ? { memoryFile: 'memory' } : {};
    const base = context.artifact.disk;
    return { resources, hasSeed, base, ...byKernel, ...(boot ? { boot, announces: true } : {}), ...inFile };
  });
}

/** Makes a guest's folder, has it filled, and writes down what was settled, last. What fails leaves nothing. */
export async function makeGuest(
  guest: string,
  files: GuestFiles,
  neededMiB: number,
  fill: () => Promise<Omit<GuestSettings, 'qmp'>>,
): Promise<GuestSettings> {
  await makeFolder(guest, files, neededMiB);
  let qmpFolder: string | undefined;
  try {
    qmpFolder = await socketFolder(files);
    const settings = { ...(await fill()), qmp: join(qmpFolder ?? files.folder, 'qmp.sock') };
    await writeJson(files.settings, settings);
    return settings;
  } catch (error) {
    await rm(files.folder, { recursive: true, force: true });
    if (qmpFolder !== undefined) await rm(qmpFolder, { recursive: true, force: true });
    throw cloneError(error, files.folder);
  }
}

async function makeFolder(guest: string, files: GuestFiles, neededMiB: number): Promise<void> {
  try {
    await mkdir(dirname(files.folder), { recursive: true, mode: 0o700 });
    await demandFreeMiB(files.folder, neededMiB, 'the clone');
    await mkdir(files.folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw cloneError(error, files.folder);
    throw new VzvmError('NAME_TAKEN', `a guest with the name ${guest} exists already`, {
      facts: { guest, folder: files.folder },
      hint: 'choose another name, or delete that guest first',
      cause: error,
    });
  }
}

/** A folder for the sockets where their path would be too long; it goes with the guest. */
export async function socketFolder(files: GuestFiles): Promise<string | undefined> {
  const longest = eventsSocket(join(files.folder, files.qmp));
  if (Buffer.byteLength(longest) <= LONGEST_SOCKET_PATH) return undefined;
  return mkdtemp(join(tmpdir(), 'vzvm-qmp-'));
}

async function makeOverlay(
  request: CloneRequest,
  files: GuestFiles,
  context: CloneContext,
  signal: AbortSignal,
): Promise<void> {
  const { disk, format, virtualBytes } = context.artifact;
  const bytes = Math.max(virtualBytes, (request.resources.diskGiB ?? 0) * GIB);
  const backing = ['-F', format, '-b', disk];
  const args = ['create', '-q', '-f', 'qcow2', ...backing, files.disk, String(bytes)];
  const result = await run(context.qemuImg, args, { timeoutMs: 30_000, signal });
  if (result.exitCode === 0) return;
  if (/No space left/.test(result.stderrTail)) throw diskFull(files.folder, 'the clone', {});
  throw new VzvmError('CLONE_FAILED', `qemu-img could not make the disk of ${request.guest}`, {
    facts: { guest: request.guest, image: request.image.ref },
    hint: `look at the image with: qemu-img info ${disk}`,
    exitCode: result.exitCode,
    stderrTail: result.stderrTail,
  });
}

function cloneError(error: unknown, folder: string): VzvmError {
  if (error instanceof VzvmError) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(folder, 'the clone', {}, error);
  const isDenied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  return new VzvmError(isDenied ? 'PERMISSION_DENIED' : 'CLONE_FAILED', `could not make ${folder}`, {
    facts: { folder },
    hint: 'set VZVM_HOME to a folder that you may write to',
    cause: error,
  });
}
