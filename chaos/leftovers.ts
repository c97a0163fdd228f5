import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
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

async function mountsOf({ root }: RunPlace): Promise<string[]> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8'))
    .split('\n')
    .filter((line) => line.includes(root));
  const loops = (await namesIn('/sys/block')).filter((name) => name.startsWith('loop'));
  const backing = loops.map((name) =>
    readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => ''),
  );
  const used = (await Promise.all(backing)).filter((file) => file.includes(root));
  return [...mounts.map((line) => `mount ${line}`), ...used.map((file) => `loop device of ${file.trim()}`)];
}

/** Processes that were told of the run's folders or work in them, with what they hold open of it, deleted files too. */
async function processesOf({ root }: RunPlace): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return (await Promise.all(pids.map((pid) => describe(pid, root)))).flat();
}

/** The stand-in's network ends by itself soon after its last guest, as vmnet's would. */
const NETWORK = /network\.sh/;

async function describe(pid: string, root: string): Promise<string[]> {
  const [command, environment] = await Promise.all(
    ['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '')),
  );
  const line = (command ?? '').replaceAll('\0', ' ').trim();
  if (line === '' || NETWORK.test(line)) return [];
  if (`${command}${environment}`.includes(root)) return [`process ${pid}: ${line.slice(0, 120)}`];
  const files = await openFiles(pid);
  return files.filter((file) => file.includes(root)).map((file) => `process ${pid} holds ${file}`);
}

async function openFiles(pid: string): Promise<string[]> {
  const fds = await namesIn(`/proc/${pid}/fd`);
  const links = [...fds.map((fd) => `/proc/${pid}/fd/${fd}`), `/proc/${pid}/cwd`];
  return Promise.all(links.map((link) => readlink(link).catch(() => '')));
}
