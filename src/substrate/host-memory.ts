import { readFile } from 'node:fs/promises';
import { freemem } from 'node:os';

const MIB = 1024 ** 2;

/** Memory of this host that programs can have without others losing theirs, in MiB. */
export async function availableMiB(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => ''); // Only Linux has it.
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
  return Math.floor(kib === undefined ? freemem() / MIB : Number(kib) / 1024);
}
