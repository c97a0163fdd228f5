import type { Stats } from 'node:fs';
import type { FsEditBody } from '@computeragent/protocol';
import { HarnessError } from '../errors.ts';
import { locate } from './locate.ts';
import { openFile } from './read.ts';
import { replaceFile } from './write.ts';

/** An edit holds the file in memory twice. */
const MAX_BYTES = 32 * 1024 * 1024;

/** Replaces a text in a file, once or everywhere. Bytes around it stay as they are. Returns how often. */
export async function editFile(root: string, { path, oldString, newString, replaceAll }: FsEditBody) {
  const { handle, size } = await openFile(root, path);
  await using _closed = handle;
  if (size > MAX_BYTES) throw new HarnessError('VALIDATION', 413, `${path} is over ${MAX_BYTES} bytes`);
  const [bytes, before] = [await handle.readFile(), await handle.stat()];
  const [old, replacement] = [Buffer.from(oldString), Buffer.from(newString)];
  const pieces = split(bytes, old, replaceAll ? Infinity : 1);
  if (pieces.length === 1) throw new HarnessError('CONFLICT', 409, `${path} does not hold the old text`);
  await using place = await locate(root, path, { follow: true });
  await replaceFile(place, path, (target) => target.writeFile(join(pieces, replacement)), {
    check: (current) => rejectChanged(path, before, current),
  });
  return pieces.length - 1;
}

/** The bytes between the first `limit` places where `separator` stands. */
function split(bytes: Buffer, separator: Buffer, limit: number): Buffer[] {
  const pieces: Buffer[] = [];
  let start = 0;
  while (pieces.length < limit) {
    const found = bytes.indexOf(separator, start);
    if (found < 0) break;
    pieces.push(bytes.subarray(start, found));
    start = found + separator.length;
  }
  pieces.push(bytes.subarray(start));
  return pieces;
}

function join(pieces: readonly Buffer[], separator: Buffer): Buffer {
  return Buffer.concat(pieces.flatMap((piece, index) => (index === 0 ? [piece] : [separator, piece])));
}

/** The agent writes, too: what it wrote since the file was read must not be lost. */
function rejectChanged(path: string, before: Stats, current: Stats | undefined): void {
  const same =
    current?.ino === before.ino && current.mtimeMs === before.mtimeMs && current.size === before.size;
  if (!same) throw new HarnessError('CONFLICT', 409, `${path} was changed at the same time`);
}
