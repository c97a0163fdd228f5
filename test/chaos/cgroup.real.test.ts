import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { type ControlGroup, makeControlGroup } from '../../chaos/cgroup.ts';

const PROGRAM = 'setInterval(() => 0, 1_000); console.log("up")';
const nameOf = (number: number) => `cgroup-test-${process.pid}-${number}`;

const first = await makeControlGroup(nameOf(0));
await first?.remove();
const why = first ? '' : ' (this user may make no control groups)';

/** Removed while the kernel is still busy with its end, as likely as not. */
async function killAndRemove(group: ControlGroup): Promise<readonly number[]> {
  const [program = '', ...args] = group.wrap([process.execPath, '-e', PROGRAM]);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  const left = await group.remove();
  await exit;
  return left;
}

it.skipIf(!first)(
  `a control group is removed in the instant that its last process is killed${why}`,
  async () => {
    for (let number = 1; number <= 25; number++) {
      const group = await makeControlGroup(nameOf(number));
      expect(group && (await killAndRemove(group))).toEqual([]);
      // It is gone: there is room for another one of its name.
      const again = await makeControlGroup(nameOf(number));
      expect(await again?.remove()).toEqual([]);
    }
  },
);
