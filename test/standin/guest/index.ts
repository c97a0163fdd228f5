import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { run } from '../../../src/process/run.ts';

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const TIMEOUT_MS = 30_000;

/** A folder of the host that a machine sees as a device. */
export interface GuestShare {
  readonly tag: string;
  readonly source: string;
  readonly isReadOnly: boolean;
}

/** A machine that is to run. */
export interface GuestSpec {
  /** The Tart home: its guests share a network. */
  readonly home: string;
  /** The VM's folder, with its disk. */
  readonly directory: string;
  readonly name: string;
  readonly macAddress: string;
  /** The file system that all guests rest on. */
  readonly base: string;
  readonly shares: readonly GuestShare[];
  /** What the DHCP server answers for the last byte of the address; undefined: nothing. */
  readonly lease: (prefix: string) => Promise<string | undefined>;
}

/** A machine that runs. It is gone when its process is, and that when the one that has started it is. */
export interface RunningGuest {
  readonly pid: number;
  readonly ended: Promise<'powered-off' | 'crashed'>;
  /** Asks its init to power off. */
  pressPowerButton(): Promise<void>;
  /** Cuts its power; resolves when nothing of it is left. */
  cut(): Promise<void>;
}

/** Starts a Linux of its own: network, mounts, processes and name, on a disk that only it writes to. */
export async function startGuest(spec: GuestSpec): Promise<RunningGuest> {
  const console = await open(join(spec.directory, 'console.log'), 'a');
  const spaces = ['--pid', '--fork', '--kill-child=KILL', '--mount', '--uts', '--ipc', '--net'];
  const machine = [spec.base, join(spec.directory, 'disk.img'), join(spec.directory, 'mounts'), spec.name];
  const args = [
    '--pdeathsig',
    'KILL',
    'unshare',
    ...spaces,
    'sh',
    script('launch.sh'),
    ...machine,
    script('init.sh'),
    script('mount.virtiofs'),
    ...spec.shares.flatMap(({ tag, source, isReadOnly }) => [tag, source, isReadOnly ? 'ro' : 'rw']),
  ];
  const child = spawn('setpriv', args, { stdio: ['pipe', 'pipe', console.fd], detached: true });
  await console.close();
  const { stdin, stdout } = child as ChildProcessByStdio<Writable, Readable, null>;
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const ended = exit.then(([code]) => (code === 0 ? 'powered-off' : 'crashed') as 'powered-off' | 'crashed');
  const pid = child.pid ?? 0;
  const first = await Promise.race([once(createInterface(stdout), 'line'), ended]);
  if (first === 'crashed') throw new Error(`the guest did not start: see console.log in ${spec.directory}`);
  stdin.end(`${await joined(spec, pid)}\n`);
  stdout.resume();
  const cut = async () => {
    child.kill('SIGKILL');
    await exit;
  };
  return { pid, ended, cut, pressPowerButton: () => pressPowerButton(pid) };
}

async function joined({ home, macAddress, lease }: GuestSpec, pid: number): Promise<string> {
  const args = [script('join.sh'), join(home, 'network'), String(pid), macAddress, script('network.sh')];
  const { exitCode, stdout, stderrTail } = await run('sh', args, { timeoutMs: TIMEOUT_MS });
  if (exitCode !== 0) throw new Error(`no network: ${stderrTail}`);
  const prefix = stdout.trim();
  return `${(await lease(prefix)) ?? 'none'} ${prefix}.2 ${prefix}.3`;
}

/** The guest's init is the only child of the process that made its name spaces. */
async function pressPowerButton(pid: number): Promise<void> {
  await run('pkill', ['-PWR', '-P', String(pid)], { timeoutMs: TIMEOUT_MS });
}

/** Runs a command in a guest, as its user, with this process's streams: what the guest agent does. */
export async function execInGuest(
  pid: number,
  argv: readonly string[],
  hasInput: boolean,
): Promise<number | string> {
  const { stdout } = await run('pgrep', ['-P', String(pid)], { timeoutMs: TIMEOUT_MS });
  const as = [
    'setpriv',
    '--reuid',
    'admin',
    '--regid',
    'admin',
    '--init-groups',
    'env',
    '-i',
    'HOME=/home/admin',
  ];
  const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const args = ['-t', stdout.trim(), '-m', '-p', '-u', '-n', '-i', ...as, path, ...argv];
  const child = spawn('nsenter', args, { stdio: [hasInput ? 'inherit' : 'ignore', 'inherit', 'inherit'] });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return code ?? signal ?? 255;
}

/** A disk that nobody has written to. */
export async function createDisk(file: string, sizeGB: number): Promise<void> {
  const command = `truncate -s ${sizeGB}G "$1" && mke2fs -q -F -t ext4 -m 0 -O ^has_journal -E lazy_itable_init=1,nodiscard "$1"`;
  await shell(command, file);
}

/** A copy of a disk, without its holes. */
export async function copyDisk(from: string, to: string): Promise<void> {
  await shell('cp --sparse=always --reflink=auto "$1" "$2"', from, to);
}

async function shell(command: string, ...args: string[]): Promise<void> {
  const { exitCode, stderrTail } = await run('sh', ['-c', command, 'sh', ...args], { timeoutMs: TIMEOUT_MS });
  if (exitCode !== 0) throw new Error(stderrTail);
}
