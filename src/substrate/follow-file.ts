import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';

const LOOK_MS = 200;
const TAIL_BYTES = 256 * 1024;

/** Writes the end of a file, and with `follow` what is added to it until it is cancelled or the file is gone. */
export async function followFile(
  path: string,
  { follow, lines }: { readonly follow: boolean; readonly lines: number },
  to: Writable,
  signal: AbortSignal,
): Promise<void> {
  const file = await open(path, 'r').catch(() => undefined); // Nothing was ever said.
  if (!file) return;
  try {
    const { size } = await file.stat();
    let position = Math.max(0, size - TAIL_BYTES);
    const before = await file.read(Buffer.alloc(size - position), { position });
    position += before.bytesRead;
    to.write(plain(lastLines(before.buffer.toString('utf8', 0, before.bytesRead), lines)));
    while (follow && !signal.aborted && (await file.stat()).nlink > 0) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(TAIL_BYTES), { position });
      position += bytesRead;
      if (bytesRead > 0) to.write(plain(buffer.toString('utf8', 0, bytesRead)));
      else await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined); // Cancelled: the loop ends.
    }
  } finally {
    await file.close();
  }
}

/** A console's control sequences are no business of whoever reads it elsewhere. */
const plain = (text: string): string => stripVTControlCharacters(text).replaceAll('\r', '');

function lastLines(text: string, count: number): string {
  const lines = text.split('\n');
  const isWhole = lines.at(-1) === '';
  return lines.slice(-(isWhole ? count + 1 : count)).join('\n');
}
