import { VzvmError } from '../errors.ts';
import type { VmOutput } from '../machines/vm/index.ts';

/** @throws VzvmError RELEASE_FAILED when something of these VMs was left behind. */
export function assertReleased(outputs: readonly Pick<VmOutput, 'vmId' | 'problems'>[]): void {
  const left = outputs.filter((output) => output.problems.length > 0);
  if (left.length === 0) return;
  const names = left.map((output) => output.vmId).join(', ');
  throw new VzvmError('RELEASE_FAILED', left.flatMap((output) => output.problems).join('; '), {
    facts: { guests: names },
    hint: `remove what is left: ${left.map((output) => `npx vzvm rm ${output.vmId}`).join('; ')}`,
  });
}
