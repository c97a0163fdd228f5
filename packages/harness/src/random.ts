import { closeSync, openSync, readSync } from 'node:fs';

/**
 * Random bytes from the kernel, read when they are asked for. Node's own generators keep a state in this process, and
 * a machine that was copied with its memory has the state of the one it was copied from: its ids and secrets would be
 * the same as those of every other copy. What the engine's SDK draws in this process are names, not secrets, that are
 * unique within one machine; the engine's own program starts after the copy.
 */
export function kernelRandom(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  const file = openSync('/dev/urandom', 'r');
  try {
    let filled = 0;
    while (filled < size) filled += readSync(file, bytes, filled, size - filled, null);
  } finally {
    closeSync(file);
  }
  return bytes;
}
