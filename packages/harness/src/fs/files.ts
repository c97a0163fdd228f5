import { createWriteStream } from 'node:fs';
import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as WebStream } from 'node:stream/web';
import { HarnessError, systemCode } from '../errors.ts';
import { jailedPath, namesOf } from './jail.ts';
import { fileNotFound, openForReading, openForWriting } from './open.ts';

/** A file's bytes, streamed; cancelling the stream closes the file. */
export interface FileBody {
  readonly size: number;
  readonly stream: ReadableStream<Uint8Array>;
}

/** Size of a file that could be downloaded. */
export async function fileSize(root: string, wanted: string): Promise<number> {
  await using handle = await openForReading(root, wanted);
  return (await handle.stat()).size;
}

/** Opens a file for download. */
export async function readFileBody(root: string, wanted: string): Promise<FileBody> {
  const handle = await openForReading(root, wanted);
  const { size } = await handle.stat();
  // `end` holds the length to what is announced, even while the agent still writes to the file.
  if (size === 0) {
    await handle.close();
    return { size, stream: ReadableStream.from([]) };
  }
  const stream = handle.createReadStream({ end: size - 1 });
  return { size, stream: Readable.toWeb(stream) as ReadableStream<Uint8Array> };
}

/** Writes a file from a stream, in place. Returns its size. */
export async function writeFileBody(
  root: string,
  wanted: string,
  body: ReadableStream<Uint8Array> | null,
  signal?: AbortSignal,
): Promise<number> {
  const handle = await openForWriting(root, wanted);
  const target = createWriteStream(wanted, { fd: handle });
  const source = body ? Readable.fromWeb(body as WebStream) : Readable.from([]);
  await pipeline(source, target, signal ? { signal } : {});
  return target.bytesWritten;
}

/** Deletes a file; a folder only when `recursive`. The working directory itself is never deleted. */
export async function deletePath(root: string, wanted: string, recursive: boolean): Promise<void> {
  const names = namesOf(wanted);
  const last = names.pop();
  if (last === undefined) throw refused('the working directory itself cannot be deleted');
  // The last name is not followed: deleting a link must delete the link, wherever it points.
  const parent = await jailedPath(root, names.join('/') || '.');
  if (!parent.exists) throw fileNotFound(wanted);
  const path = join(parent.path, last);
  const stats = await lstat(path).catch((error: unknown) => {
    throw systemCode(error) === 'ENOENT' ? fileNotFound(wanted) : error;
  });
  if (stats.isDirectory() && !recursive) throw refused(`${wanted} is a folder: recursive=true deletes it`);
  await rm(path, { recursive });
}

function refused(message: string): HarnessError {
  return new HarnessError('VALIDATION', 400, message);
}
