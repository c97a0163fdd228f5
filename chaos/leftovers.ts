import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { diskFileOf, diskOf } from './disk.ts';
import type { RunPlace } from './place.ts';

/** What a run has left, asked of the system and never of the code under test. */
export async function leftOf(place: RunPlace): Promise<readonly string[]> {
  const [processes, mounts, folders] = await Promise.all([
    processesOf(place),
    mountsOf(place),
    entriesOf(place),
  ]);
  return [...processes, ...mounts, ...folders];
}

/** Images are no leftovers. */
const IMAGE = /^vzvm-image-/;

async function entriesOf({ stateDir, temporary, tartHome }: RunPlace): Promise<string[]> {
  const [vms, staging, guests, folders, journal, temp] = await Promise.all([
    namesIn(join(tartHome, 'vms')),
    namesIn(join(tartHome, 'tmp')),
    namesIn(join(stateDir, 'qemu')),
    namesIn(join(stateDir, 'tart')),
    namesIn(join(stateDir, 'journal')),
    namesIn(temporary),
  ]);
  const named = (what: string, names: readonly string[]) => names.map((name) => `${what} ${name}`);
  return [
    ...named(
      'VM',
      vms.filter((name) => !IMAGE.test(name)),
    ),
    ...named('staging', staging),
    ...named('guest folder', [...guests, ...folders]),
    ...named('journal entry', journal),
    ...named('temporary', temp),
  ];
}

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

async function mountsOf(place: RunPlace): Promise<string[]> {
  const { root } = place;
  const mounts = (await readFile('/proc/self/mounts', 'utf8'))
    .split('\n')
    .filter((line) => line.includes(root) && line.split(' ')[1] !== diskOf(place));
  const loops = (await namesIn('/sys/block')).filter((name) => name.startsWith('loop'));
  const backing = loops.map((name) =>
    readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => ''),
  );
  const used = (await Promise.all(backing)).filter(
    (file) => file.includes(root) && file.trim() !== diskFileOf(place),
  );
  return [...mounts.map((line) => `mount ${line}`), ...used.map((file) => `loop device of ${file.trim()}`)];
}

/**
 * Processes that the run has started, by the kernel's list; and any that were told of its folders or hold something open
 * in them, deleted files too. No socket and no listener can be left without one.
 */
async function processesOf({ root, group }: RunPlace): Promise<string[]> {
  const [started, all] = await Promise.all([group?.pids(), namesIn('/proc')]);
  const pids = all.filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return (
    await Promise.all(pids.map((pid) => describe(pid, root, started?.includes(Number(pid)) === true)))
  ).flat();
}

async function describe(pid: string, root: string, isStarted: boolean): Promise<string[]> {
  const [command, environment] = await Promise.all([readProc(pid, 'cmdline'), readProc(pid, 'environ')]);
  const line = command.replaceAll('\0', ' ').trim();
  if (line === '' || (await isOfNetwork(pid))) return [];
  const files = (await openFiles(pid)).filter((file) => file.includes(root) || file.startsWith('socket:'));
  const holds = files.length === 0 ? '' : ` holds ${files.join(', ')}`;
  const isOurs = isStarted || `${command}${environment}`.includes(root);
  if (isOurs || files.some((file) => file.includes(root)))
    return [`process ${pid}: ${line.slice(0, 120)}${holds}`];
  return [];
}

const readProc = (pid: string, file: string): Promise<string> =>
  readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '');

/** The stand-in's network, with what it runs, ends by itself soon after its last guest, as vmnet's would. */
export async function isOfNetwork(pid: string): Promise<boolean> {
  if ((await readProc(pid, 'cmdline')).includes('network.sh')) return true;
  const stat = await readProc(pid, 'stat');
  const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
  return parent === undefined || Number(parent) <= 1 ? false : isOfNetwork(parent);
}

async function openFiles(pid: string): Promise<string[]> {
  const fds = await namesIn(`/proc/${pid}/fd`);
  const links = [...fds.map((fd) => `/proc/${pid}/fd/${fd}`), `/proc/${pid}/cwd`];
  return Promise.all(links.map((link) => readlink(link).catch(() => '')));
}
