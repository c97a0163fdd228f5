import { VzvmError } from '../errors.ts';
import type { VmOutput } from '../machines/vm/index.ts';

/** A VM, and what of it could not be removed. */
export type Released = Pick<VmOutput, 'vmId' | 'problems'>;

/** @throws VzvmError RELEASE_FAILED when something of these VMs was left behind. */
export function assertReleased(outputs: readonly Released[]): void {
  const left = outputs.filter((output) => output.problems.length > 0);
  if (left.length > 0) throw notReleased(left);
}

/** The error of VMs of which something was left behind. */
export function notReleased(left: readonly Released[], cause?: unknown): VzvmError {
  const problems = left.flatMap((output) => output.problems);
  return new VzvmError('RELEASE_FAILED', problems.join('; '), {
    facts: { guests: left.map((output) => output.vmId).join(', ') },
    hint: `${causeOf(problems)}remove what is left: ${left.map((output) => `npx vzvm rm ${output.vmId}`).join('; ')}`,
    cause,
  });
}

/** What stands in the way of the removal, where it is known. */
function causeOf(problems: readonly string[]): string {
  const path = /(?:EACCES|EPERM|EROFS)[^\n]*'([^'\n]+)'/.exec(problems.join('\n'))?.[1];
  return path === undefined ? '' : `make it yours: ls -ld ${path}; then `;
}
