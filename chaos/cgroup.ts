import { access, mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where control groups are, alone or beside those of the first version. */
const HIERARCHIES = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'];
const PATIENCE_MS = 10_000;
const LOOK_MS = 50;

/** The kernel's own list of a program and of all that it has started, whatever they call themselves by now. */
export interface ControlGroup {
  /** A command that runs `command` in the group, as the same process. */
  wrap(command: readonly string[]): readonly string[];
  /** Takes this process in, with all that it starts from now on. */
  enter(): Promise<void>;
  /** Takes it out again. */
  leave(): Promise<void>;
  pids(): Promise<readonly number[]>;
  /** Waits until it is empty, for ten seconds, and removes it. Answers who is still there. */
  remove(): Promise<readonly number[]>;
}

/** Makes a control group; undefined where this user may not. */
export async function makeControlGroup(name: string): Promise<ControlGroup | undefined> {
  for (const hierarchy of HIERARCHIES) {
    const folder = join(hierarchy, name);
    try {
      // A folder of the first version has no such file, and one of the second is no place for a plain one.
      await access(join(hierarchy, 'cgroup.subtree_control'));
      await mkdir(folder);
      return groupIn(folder, hierarchy);
    } catch {
      // Another place may do.
    }
  }
  return undefined;
}

function groupIn(folder: string, hierarchy: string): ControlGroup {
  const move = (to: string) => writeFile(join(to, 'cgroup.procs'), String(process.pid));
  let before = '';
  const pids = async (): Promise<readonly number[]> =>
    (await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => ''))
      .split('\n')
      .filter(Boolean)
      .map(Number);
  return {
    wrap: (command) => ['sh', '-c', 'echo $$ >"$0/cgroup.procs" && exec "$@"', folder, ...command],
    enter: async () => {
      before = /^0::(.*)$/m.exec(await readFile('/proc/self/cgroup', 'utf8'))?.[1] ?? '';
      await move(folder);
    },
    leave: () => move(join(hierarchy, before)),
    pids,
    remove: async () => {
      const deadline = performance.now() + PATIENCE_MS;
      for (;;) {
        const there = await pids();
        const isLate = performance.now() > deadline;
        if (there.length === 0 && (await isRemoved(folder, isLate))) return there;
        if (there.length > 0 && isLate) return there;
        await sleep(LOOK_MS);
      }
    },
  };
}

/** The kernel lists a killed process no more, and is busy with its end for a moment yet. */
async function isRemoved(folder: string, isLate: boolean): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    if (isLate || (error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
    return false;
  }
}
