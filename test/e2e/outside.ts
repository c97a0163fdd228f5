import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';

/** What an onlooker sees of VMs: asked of the system, never of the code under test. */
export interface Outside {
  /** Command lines of QEMU processes. */
  readonly processes: readonly string[];
  /** Entries of the state folder. */
  readonly guests: readonly string[];
  /** TCP ports that this machine listens on. */
  readonly listeners: readonly string[];
  /** Entries of the temporary folder that could be ours. */
  readonly temporary: readonly string[];
}

/** Looks at the machine from outside. */
export async function lookOutside(stateDir: string): Promise<Outside> {
  return {
    processes: await qemuProcesses(stateDir),
    guests: await readdir(`${stateDir}/qemu`).catch(() => []),
    listeners: await listeners(),
    temporary: (await readdir(tmpdir())).filter((name) => /vzvm|^ca-/.test(name)),
  };
}

async function qemuProcesses(stateDir: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const found: string[] = [];
  for (const pid of pids) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.startsWith('qemu-system') && line.includes(stateDir)) found.push(line.replaceAll('\0', ' '));
  }
  return found;
}

const LISTENING = '0A';

async function listeners(): Promise<string[]> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => '')),
  );
  const rows = tables.flatMap((table) =>
    table
      .split('\n')
      .slice(1)
      .map((row) => row.trim().split(/\s+/)),
  );
  return rows.flatMap((row) => (row[3] === LISTENING && row[1] !== undefined ? [row[1]] : [])).toSorted();
}
