import { spawnSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';

/** What an onlooker sees of the stand-in's machines. */
export async function machinesOf(home: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n');
  const loops = spawnSync('losetup', ['-a'], { encoding: 'utf8' }).stdout.split('\n');
  return [...lines, ...mounts, ...loops]
    .filter((line) => line.includes(home))
    .map((line) => line.replaceAll('\0', ' '));
}
