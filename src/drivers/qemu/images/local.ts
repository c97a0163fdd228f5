import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { VzvmError } from '../../../errors.ts';
import type { HostArch } from '../host.ts';
import type { Artifact } from './artifact.ts';
import { inspectDisk } from './inspect.ts';

/** Whether a reference is written like a path, not like a name. */
export function isPath(ref: string): boolean {
  return /^[./~]/.test(ref) || /\.(?:qcow2|img|raw)$/.test(ref);
}

/** A disk file of the user's: never copied, never written to. */
export async function localImage(ref: string, arch: HostArch, signal: AbortSignal): Promise<Artifact> {
  const path = ref.startsWith('~/') ? `${homedir()}${ref.slice(1)}` : ref;
  try {
    const disk = await realpath(path);
    const { size, mtimeMs, ino } = await stat(disk);
    const { format, virtualBytes } = await inspectDisk(disk, arch, signal);
    const digest = createHash('sha256')
      .update(JSON.stringify([disk, size, mtimeMs, ino]))
      .digest('hex');
    return { image: { ref, digest: `file-sha256:${digest}`, acceptsKey: true }, disk, format, virtualBytes };
  } catch (cause) {
    if (cause instanceof VzvmError) throw cause;
    const isDenied = (cause as NodeJS.ErrnoException).code === 'EACCES';
    throw new VzvmError(
      isDenied ? 'PERMISSION_DENIED' : 'IMAGE_NOT_FOUND',
      `cannot read the disk image ${path}`,
      {
        facts: { path },
        hint: `look at it with: ls -l ${path}`,
        cause,
      },
    );
  }
}
