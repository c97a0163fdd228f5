import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { VzvmError } from '../errors.ts';
import type { SshConnection } from './connection.ts';

/** One file to send. */
export interface UploadFile {
  /** Relative to the directory, with forward slashes. */
  readonly path: string;
  readonly content: Buffer | string;
  /** Permission bits; 0644 when undefined. */
  readonly mode?: number;
}

/** What is sent, and where to. */
export interface UploadOptions {
  /** Absolute directory in the guest; made when it is not there. */
  readonly directory: string;
  readonly files: readonly UploadFile[];
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends all files in one compressed stream.
 * @throws VzvmError UPLOAD_FAILED, and what `exec` throws.
 */
export async function uploadFiles(connection: SshConnection, options: UploadOptions): Promise<void> {
  const { timeoutMs, signal, directory } = options;
  // The directory travels in the archive's names: no shell ever sees it, and tar makes what is missing.
  const command = 'tar -xzmf - --no-same-owner -C /';
  const result = await connection.exec(command, { input: archive(options), timeoutMs, signal });
  if (result.exitCode === 0) return;
  throw new VzvmError('UPLOAD_FAILED', `files could not be written to ${directory} in the guest`, {
    facts: { directory, files: options.files.length },
    exitCode: result.exitCode,
    stderrTail: result.stderrTail,
    ...explain(result.stderrTail, directory),
  });
}

function archive({ directory, files }: UploadOptions): Readable {
  if (!posix.isAbsolute(directory)) {
    throw new VzvmError('OPTION_INVALID', `the guest directory ${directory} is not absolute`, {
      facts: { directory },
      hint: 'give remoteWorkdir as an absolute path',
    });
  }
  const tar = pack();
  const compressed = createGzip({ level: 6 });
  tar.on('error', (error) => compressed.destroy(error));
  compressed.on('close', () => tar.destroy());
  for (const { path, content, mode = 0o644 } of files) {
    tar.entry({ name: posix.join(directory, path).replace(/^\/+/, ''), mode }, content);
  }
  tar.finalize();
  return tar.pipe(compressed);
}

function explain(stderr: string, directory: string): { hint: string; retry: 'safe' | 'unsafe' } {
  if (/no space left/i.test(stderr))
    return { hint: 'give the guest a larger disk: diskGiB', retry: 'unsafe' };
  if (/permission denied|cannot mkdir|read-only/i.test(stderr)) {
    return {
      hint: `choose a remoteWorkdir that the SSH user may write: ${directory} is not`,
      retry: 'unsafe',
    };
  }
  if (/not found/i.test(stderr)) return { hint: 'use an image that has tar and gzip', retry: 'unsafe' };
  return { hint: `see the disk of the guest: df -h ${directory}`, retry: 'safe' };
}
