import { spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosDriver, Victim } from './cells.ts';
import type { FakeSide } from './fake/guest.ts';
import { fillDisk } from './disk.ts';
import type { SelfInflicted } from './owner-plan.ts';
import type { RunPlace } from './place.ts';

const LOOK_MS = 10;
const PATIENCE_MS = 5_000;
const VERBS = ['clone', 'set', 'get', 'ip', 'stop', 'delete', 'list', 'run'];

/** Takes every block that the disk has, and writes none of them. */
const FILL = `n=0; size=$(($(stat -f -c %f /) * $(stat -f -c %S /)))
while [ $size -ge 4096 ]; do fallocate -l $size /full$n 2>/dev/null && n=$((n + 1)) || size=$((size / 2)); done`;

/** What there is to strike at. */
export interface Target {
  readonly place: RunPlace;
  readonly owner: number;
  readonly vm: string;
  /** Where the guest is played. */
  readonly fake?: FakeSide | undefined;
}

const SELF: Partial<Record<Victim, SelfInflicted>> = {
  'owner-kill': 'SIGKILL',
  'owner-term': 'SIGTERM',
  'owner-int': 'SIGINT',
  'owner-hangup': 'SIGHUP',
  'owner-exit': 'exit',
  cancel: 'cancel',
  dispose: 'dispose',
};

/** Who else could get hold of a driver in memory. */
const SELF_IN_MEMORY: Partial<Record<Victim, SelfInflicted>> = {
  'hypervisor-kill': 'end-guest',
  'command-hangs': 'hang',
  'command-fails-once': 'fail',
};

/** What the owner does to itself; undefined: it is struck from outside. */
export const selfInflicted = (victim: Victim, driver: ChaosDriver): SelfInflicted | undefined =>
  SELF[victim] ?? (driver === 'fake' ? SELF_IN_MEMORY[victim] : undefined);

/** Strikes from outside. Answers what was struck; undefined when it was gone already. */
export async function strike(victim: Victim, target: Target): Promise<string | undefined> {
  if (target.fake) return target.fake.strike(victim);
  switch (victim) {
    case 'reaper-kill':
      return kill(await reaperOf(target));
    case 'owner-and-reaper-kill': {
      // The owner first: it would replace its reaper.
      const reaper = await reaperOf(target);
      process.kill(target.owner, 'SIGKILL');
      return kill(reaper);
    }
    case 'hypervisor-kill':
      return kill(await patiently(() => hypervisorOf(target)));
    case 'guest-kill':
      return kill(await patiently(() => initOf(target)));
    case 'sshd-kill':
      return inGuest(target, 'pkill -KILL sshd');
    case 'harness-kill':
      // Not the shell that says so.
      return inGuest(target, 'pkill -KILL -f harness[.]mjs');
    case 'network-cut':
      // It would be brought up once more on the way to its address.
      return inGuest(target, 'ip -o -4 addr show eth0 | grep -q inet && ip link set eth0 down');
    case 'disk-full':
      return inGuest(target, FILL);
    case 'host-disk-full':
      return fillDisk(target.place);
    case 'command-hangs':
      return fault(target, 'hang-once');
    case 'command-fails-once':
      return fault(target, 'fail-once');
    case 'owner-kill':
    case 'owner-term':
    case 'owner-int':
    case 'owner-hangup':
    case 'owner-exit':
    case 'cancel':
    case 'dispose':
      return undefined; // The owner does it to itself.
  }
}

async function fault({ place }: Target, kind: string): Promise<string> {
  for (const verb of VERBS) await writeFile(join(place.tartHome, 'faults', `${kind}-${verb}`), 'struck');
  return kind;
}

function kill(pid: number | undefined): string | undefined {
  if (pid === undefined) return undefined;
  try {
    process.kill(pid, 'SIGKILL');
    return `process ${pid}`;
  } catch {
    return undefined;
  }
}

async function patiently<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined || Date.now() > deadline) return found;
    await sleep(LOOK_MS);
  }
}

async function processes(): Promise<readonly { pid: number; parent: number; command: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = pids.map(async (pid) => {
    const [command, stat] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => ''),
      readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ''),
    ]);
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    return { pid: Number(pid), parent, command: command.replaceAll('\0', ' ') };
  });
  return Promise.all(all);
}

const reaperOf = async ({ owner }: Target): Promise<number | undefined> =>
  (await processes()).find(({ parent, command }) => parent === owner && command.includes('/reaper/main'))
    ?.pid;

/** `tart run`, or QEMU. */
const hypervisorOf = async ({ vm }: Target): Promise<number | undefined> =>
  (await processes()).find(
    ({ command }) =>
      command.includes(` run ${vm} `) || (command.startsWith('qemu-system') && command.includes(vm)),
  )?.pid;

/** Process 1 of a guest of the stand-in, as the host sees it. */
async function initOf(target: Target): Promise<number | undefined> {
  const all = await processes();
  const run = await hypervisorOf(target);
  const spaces = all.find(({ parent, command }) => parent === run && command.includes('launch.sh'));
  return all.find(({ parent }) => spaces !== undefined && parent === spaces.pid)?.pid;
}

/** Only a guest has this file: until it is in a root of its own, its first process sees the host's, which is not to be struck. */
const ONLY_IN_GUEST = '[ -e /run/init ] || exit 1';

/** A guest that has just been started may not be ready for it. */
const inGuest = (target: Target, script: string): Promise<string | undefined> =>
  patiently(async () => {
    const pid = await initOf(target);
    if (pid === undefined) return undefined;
    const args = ['-t', String(pid), '-a', 'sh', '-c', `${ONLY_IN_GUEST}\n${script}`];
    const { status } = spawnSync('nsenter', args, { timeout: 60_000, stdio: 'ignore' });
    return status === 0 ? `in the guest of process ${pid}` : undefined;
  });
