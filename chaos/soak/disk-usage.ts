import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The DHCP server's, which gives an address to each hardware address for a day, and the network's own. */
const OF_THE_HOST = /dhcpd_leases|\/tart\/network\//;
const BLOCK_BYTES = 512;

/** What folders take of the disk, in KiB and in files. */
export async function diskUsage(folders: readonly string[]): Promise<{ diskKiB: number; files: number }> {
  const all = (await Promise.all(folders.map(filesIn))).flat();
  const sizes = await Promise.all(all.map(blocksOf));
  const blocks = sizes.reduce((sum, size) => sum + size, 0);
  return { diskKiB: Math.round((blocks * BLOCK_BYTES) / 1024), files: all.length };
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !OF_THE_HOST.test(path));
}

async function blocksOf(file: string): Promise<number> {
  try {
    return (await lstat(file)).blocks;
  } catch {
    return 0; // It was removed meanwhile.
  }
}
