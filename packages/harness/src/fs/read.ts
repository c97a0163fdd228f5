import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { systemCode } from '../errors.ts';
import { locate } from './locate.ts';
import { notAFile, pathEscape } from './names.ts';

// Not blocked by a pipe that nobody writes to.
const READ = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
const CHUNK_BYTES = 64 * 1024;

/** A file that is open for reading. The caller closes the handle. */
export interface OpenFile {
  readonly handle: FileHandle;
  readonly size: number;
  /** Changes when the file does. In quotes, as HTTP has it. */
  readonly etag: string;
}

/** Opens a file inside `root` for reading. */
export async function openFile(root: string, wanted: string): Promise<OpenFile> {
  await using place = await locate(root, wanted, { follow: true });
  const handle = await open(place.folder.at(place.name), READ).catch((error: unknown) => {
    throw systemCode(error) === 'ELOOP' ? pathEscape(wanted, error) : error;
  });
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) throw notAFile(wanted);
    return { handle, size: Number(stats.size), etag: etagOf(stats) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Reads a small file inside `root` as text. */
export async function readText(root: string, wanted: string): Promise<string> {
  const { handle } = await openFile(root, wanted);
  await using _closed = handle;
  return await handle.readFile('utf8');
}

/**
 * Exactly the bytes from `start` to before `end`, read as they are asked for. Fails when the file has become shorter:
 * an end that comes early would look like the whole. The handle is closed at the end, on failure and on cancel.
 */
export function byteStream(handle: FileHandle, start: number, end: number): ReadableStream<Uint8Array> {
  let position = start;
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const wanted = Math.min(CHUNK_BYTES, end - position);
          const { bytesRead, buffer } = await handle.read(new Uint8Array(wanted), 0, wanted, position);
          if (wanted > 0 && bytesRead === 0) throw new Error('the file became shorter while it was read');
          position += bytesRead;
          if (bytesRead > 0) controller.enqueue(buffer.subarray(0, bytesRead));
          if (position < end) return;
          await handle.close();
          controller.close();
        } catch (error) {
          await handle.close().catch(() => undefined);
          controller.error(error);
        }
      },
      cancel: () => handle.close(),
    },
    { highWaterMark: 0 },
  );
}

function etagOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `"${[ino, size, mtimeNs, ctimeNs].map((part) => part.toString(36)).join('-')}"`;
}
