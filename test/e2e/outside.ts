import { mkdir, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setVariable } from './environment.ts';

/** What an onlooker sees of our VMs: asked of the system, never of the code under test. */
export interface Outside {
  /** Command lines of QEMU processes. */
  readonly processes: readonly string[];
  /** Entries of the folder that guests live in. */
  readonly guests: readonly string[];
  /** Addresses that we or a process of ours listen on. */
  readonly listeners: readonly string[];
  /** Entries of the folder for temporary files. */
  readonly temporary: readonly string[];
}

/** What is there when nothing was left behind. */
export const NOTHING: Outside = { processes: [], guests: [], listeners: [], temporary: [] };

/** Folders of one test's own, so that what is left in them is its own doing. */
export interface Place extends AsyncDisposable {
  readonly stateDir: string;
  /** For `TMPDIR`. */
  readonly temporary: string;
  look(): Promise<Outside>;
}

export async function makePlace(): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), 'e2e-'));
  const [stateDir, temporary] = [join(root, 'state'), join(root, 'tmp')];
  await Promise.all([mkdir(stateDir), mkdir(temporary)]);
  // Whatever this process starts is then known by its environment.
  const restore = setVariable('TMPDIR', temporary);
  return {
    stateDir,
    temporary,
    look: () => look(root, stateDir, temporary),
    [Symbol.asyncDispose]: async () => {
      restore();
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function look(root: string, stateDir: string, temporary: string): Promise<Outside> {
  const ours = await processesOf(root);
  return {
    processes: ours.map(({ command }) => command).filter((command) => command.startsWith('qemu-system')),
    guests: await readdir(join(stateDir, 'qemu')).catch(() => []),
    listeners: await listenersOf([process.pid, ...ours.map(({ pid }) => pid)]),
    temporary: await readdir(temporary),
  };
}

/** Processes that were told of the test's folders, by their arguments or their environment. */
async function processesOf(root: string): Promise<{ pid: number; command: string }[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const all = await Promise.all(
    pids.map(async (pid) => {
      const [command, environment] = await Promise.all(
        ['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
      );
      return {
        pid,
        command: command?.replaceAll('\0', ' ') ?? '',
        told: `${command}${environment}`.includes(root),
      };
    }),
  );
  return all.filter(({ pid, told }) => told && pid !== process.pid);
}

const LISTENING = '0A';

async function listenersOf(pids: readonly number[]): Promise<string[]> {
  const sockets = new Set((await Promise.all(pids.map(socketsOf))).flat());
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => '')),
  );
  const rows = tables.flatMap((table) => table.split('\n').slice(1)).map((row) => row.trim().split(/\s+/));
  return rows.flatMap(([, address, , state, , , , , , inode]) =>
    state === LISTENING && address !== undefined && sockets.has(`socket:[${inode}]`) ? [address] : [],
  );
}

async function socketsOf(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const open = await readdir(folder).catch(() => []);
  return Promise.all(open.map((fd) => readlink(join(folder, fd)).catch(() => '')));
}
