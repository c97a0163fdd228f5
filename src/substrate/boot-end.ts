import type { BootHarnessOptions } from '@computeragent/sdk';
import { claimVm } from '../actors/index.ts';
import { messageOf, VzvmError } from '../errors.ts';
import type { VmOutput } from '../machines/vm/index.ts';
import type { BootContext } from './boot-context.ts';
import { BootError } from './boot-error.ts';
import { hintOfHost } from './host-evidence.ts';
import { notReleased } from './released.ts';
import type { HostedVm } from './vm-host.ts';

/** @throws VzvmError ABORTED. */
export function assertNotAborted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  const why = signal.reason instanceof VzvmError ? `: ${signal.reason.message}` : '';
  throw new VzvmError('ABORTED', `the boot was cancelled${why}`, { cause: signal.reason });
}

/** Resolves when the VM is healthy. One that is not, or whose boot is cancelled, is gone when this rejects. */
export async function untilReady(context: BootContext, hosted: HostedVm, signal: AbortSignal): Promise<void> {
  const { vm } = hosted;
  const abort = () => void vm.dispose('aborted');
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) abort();
    const end = await vm.settled();
    if (end !== 'ready' || signal.aborted) throw await bootFailure(context, hosted, signal);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Ends a VM whose boot was cancelled too late for what was under way to notice. */
export async function endIfAborted(
  context: BootContext,
  hosted: HostedVm,
  signal: AbortSignal,
): Promise<void> {
  if (!signal.aborted) return;
  void hosted.vm.dispose('aborted');
  throw await bootFailure(context, hosted, signal);
}

/** Claims a parked VM. One whose claim failed is ended. */
export async function claimOrEnd(
  hosted: HostedVm,
  boot: BootHarnessOptions,
  signal: AbortSignal,
): Promise<void> {
  const claim = { envs: boot.envs, label: boot.label };
  hosted.hide(Object.values(boot.envs));
  await orEnd(hosted, () => claimVm(hosted.session, claim, signal));
}

/** What failed may have been half done: its VM must serve nobody. */
export async function orEnd({ vm }: HostedVm, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { problems } = await vm.dispose('claim failed');
    if (problems.length === 0) throw error;
    throw notReleased([{ vmId: vm.name, problems: [messageOf(error), ...problems] }], error);
  }
}

/** Why a boot did not end in a healthy VM. Resolves when nothing of it is left, unless it is kept for a look. */
async function bootFailure(
  { options }: BootContext,
  { vm, session, advise }: HostedVm,
  signal: AbortSignal,
): Promise<VzvmError> {
  // The console is part of the guest's files: read it before they go, unless they are gone already.
  const consoleTail = await vm.consoleTail().catch(() => '');
  const isSlow = vm.failure?.code === 'STEP_TIMEOUT';
  const hostHint = isSlow ? await hintOfHost(session.driver, signal) : undefined;
  const isKept = vm.tags.has('failed') && options.keepOnFailure === true && !signal.aborted;
  const output = isKept ? undefined : await vm.done;
  const failure = vm.failure ?? output?.failure;
  if (!failure) return aborted(output);
  const error = new BootError(failure, {
    guest: vm.name,
    isKept,
    consoleTail: session.consoleAtFailure ?? consoleTail,
    hostHint,
    problems: output?.problems ?? [],
    cause: session.lastError,
  });
  if (error.hint !== undefined) advise(error.hint);
  return error;
}

function aborted(output: VmOutput | undefined): VzvmError {
  const problems = output?.problems ?? [];
  return new VzvmError('ABORTED', ['the boot was cancelled', ...problems].join('; '), {
    facts: { guest: output?.vmId },
    ...(problems.length === 0 ? {} : { hint: `remove what is left: npx vzvm rm ${output?.vmId}` }),
  });
}
