import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { defaultCacheDir } from '../../../src/drivers/folders.ts';
import { withLock } from '../../../src/drivers/lock.ts';
import { hostArch } from '../../../src/drivers/qemu/host.ts';
import { resolveArtifact } from '../../../src/drivers/qemu/images/resolve.ts';
import { run } from '../../../src/process/run.ts';

const FOLDER = join(homedir(), '.cache', 'vzvm-standin');
const TIMEOUT_MS = 30 * 60_000;

/** The file system that all guests rest on: that of the image which the QEMU driver builds, as it is before its first boot. */
export async function baseDisk(): Promise<string> {
  const options = { signal: AbortSignal.timeout(TIMEOUT_MS), log: () => undefined };
  const artifact = await resolveArtifact(
    'debian:12',
    { cacheDir: defaultCacheDir(), arch: hostArch() },
    options,
  );
  const file = join(FOLDER, `${basename(dirname(artifact.disk))}.img`);
  if (existsSync(file)) return file;
  await mkdir(FOLDER, { recursive: true });
  return withLock(`${file}.lock`, { ...options, timeoutMs: TIMEOUT_MS }, async () => {
    if (existsSync(file)) return file;
    const args = ['convert', '-O', 'raw', artifact.disk, `${file}.new`];
    const { exitCode, stderrTail } = await run('qemu-img', args, { timeoutMs: TIMEOUT_MS });
    if (exitCode !== 0) throw new Error(`qemu-img: ${stderrTail}`);
    await rename(`${file}.new`, file);
    return file;
  });
}
