import { claimVm, renewVm } from '../actors/index.ts';
import { isAborted, messageOf, VzvmError } from '../errors.ts';
import type { VmOutput } from '../machines/vm/index.ts';
import type { BootHarnessOptions } from '@computeragent/sdk';
import type { BootContext } from './boot-context.ts';
import { BootError } from './boot-error.ts';
import { imageFor } from './choose-driver.ts';
import { machineInput } from './machine-input.ts';
import type { VZVMSubstrateOptions } from './options.ts';
import { readPayload } from './payload.ts';
import { startingPoint, type StartingPoint, type Wanted } from './prepared-image.ts';
import { quietly } from './quietly.ts';
import { createSession, readPlan } from './session.ts';
import { judgingImage } from './suspect-image.ts';
import { newSecret, parkingOf, type Template } from './template.ts';
import { tidy } from './tidy.ts';
import type { VmHandle } from './vm-handle.ts';
import type { HostedVm } from './vm-host.ts';

/** @throws VzvmError ABORTED. */
export function assertNotAborted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  const why = signal.reason instanceof VzvmError ? `: ${signal.reason.message}` : '';
  throw new VzvmError('ABORTED', `the boot was cancelled${why}`, { cause: signal.reason });
}

/** Everything that decides what a VM is given, read anew each time: files may have changed. */
export async function readWanted(
  { options, log, driver: choose }: BootContext,
  signal: AbortSignal,
): Promise<Wanted> {
  assertNotAborted(signal);
  const driver = await choose();
  const plan = await readPlan(options);
  const payload = await readPayload(options.bundlePath, plan.preparation);
  const base = await driver.resolveImage(imageFor(driver, options), { signal, log });
  assertNotAborted(signal);
  return { driver, plan, payload, base };
}

/**
 * A VM with a healthy harness that serves these envs: forked where there is a template, else booted, and then a template
 * is made beside it for the next one. A boot that fails leaves nothing.
 */
export async function bootVm(
  context: BootContext,
  boot: BootHarnessOptions,
  signal: AbortSignal,
): Promise<HostedVm> {
  const { options, log, host, templates } = context;
  const wanted = await readWanted(context, signal);
  const start = await startOf(context, wanted, signal);
  const of = { wanted, image: start.image };
  const template = templates.isFor(wanted, start) ? await templates.find(of, signal) : undefined;
  if (template) {
    try {
      return await forkVm(context, { wanted, start, template }, boot, signal);
    } catch (error) {
      if (signal.aborted || isAborted(error)) throw error;
      await templates.giveUp(of, error);
    }
  }
  const session = createSession({ ...wanted, ...start, envs: boot.envs, log });
  assertNotAborted(signal);
  const hosted = host.start(session, machineInput(session, options));
  show(hosted.vm, options);
  await untilBooted(context, hosted, { wanted, start, signal });
  if (start.keep) await tidy(context, wanted.driver);
  if (mayMakeBeside(options)) makeTemplateBeside(context, hosted, wanted);
  return hosted;
}

/** A pool makes its templates itself, in the place of a VM that is to be parked. A limit counts every VM. */
const mayMakeBeside = ({ warm, maxConcurrent }: VZVMSubstrateOptions): boolean =>
  (warm?.size ?? 0) === 0 && maxConcurrent === undefined;

function makeTemplateBeside(context: BootContext, { vm }: HostedVm, wanted: Wanted): void {
  const { templates, closing } = context;
  const of = async () => {
    const start = await startOf(context, wanted, closing); // The image may have been kept in this very boot.
    return templates.isFor(wanted, start) ? { wanted, image: start.image } : undefined;
  };
  templates.makeBeside(vm, of, closing);
}

interface Fork {
  readonly wanted: Wanted;
  readonly start: StartingPoint;
  readonly template: Template;
}

async function forkVm(
  context: BootContext,
  fork: Fork,
  boot: BootHarnessOptions,
  signal: AbortSignal,
): Promise<HostedVm> {
  const hosted = await startFork(context, fork, signal);
  await claimOrEnd(hosted, boot, signal);
  if (signal.aborted) throw await bootFailure(context, hosted, signal);
  return hosted;
}

/** A VM that waits to be claimed, with its template's identity. */
async function startFork(
  context: BootContext,
  { wanted, start, template }: Fork,
  signal: AbortSignal,
): Promise<HostedVm> {
  const { options, log, host } = context;
  const parking = parkingOf(template.secret, true);
  const session = createSession({ ...wanted, ...start, template: template.key, parking, envs: {}, log });
  assertNotAborted(signal);
  // One that failed is followed by a boot: what is kept for a look is a VM whose boot failed.
  const hosted = host.start(session, machineInput(session, { ...options, keepOnFailure: false }));
  show(hosted.vm, options);
  await untilReady(context, hosted, signal);
  return hosted;
}

/**
 * A VM whose harness waits to be claimed: it knows nothing yet of whose it will be. Forked where that can be, from a
 * template that is made first if need be, because nobody waits for it; it then is itself before anybody claims it.
 */
export async function bootParked(context: BootContext, signal: AbortSignal): Promise<HostedVm> {
  const { options, log, host, templates } = context;
  const wanted = await readWanted(context, signal);
  const start = await startOf(context, wanted, signal);
  const of = { wanted, image: start.image };
  const template = templates.isFor(wanted, start) ? await templates.ensure(of, signal) : undefined;
  if (template) {
    try {
      return await forkParked(context, { wanted, start, template }, signal);
    } catch (error) {
      if (signal.aborted || isAborted(error)) throw error;
      await templates.giveUp(of, error);
    }
  }
  const parking = parkingOf(newSecret(), false);
  const session = createSession({ ...wanted, ...start, parking, envs: {}, log });
  assertNotAborted(signal);
  const hosted = host.start(session, machineInput(session, { ...options, keepOnFailure: false }));
  show(hosted.vm, options);
  await untilBooted(context, hosted, { wanted, start, signal });
  if (start.keep) await tidy(context, wanted.driver);
  return hosted;
}

async function forkParked(context: BootContext, fork: Fork, signal: AbortSignal): Promise<HostedVm> {
  const hosted = await startFork(context, fork, signal);
  await orEnd(hosted, () => renewVm(hosted.session, newSecret(), signal));
  if (signal.aborted) throw await bootFailure(context, hosted, signal);
  return hosted;
}

/** What VMs start from now. */
export async function startOf(
  { options, log }: BootContext,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<StartingPoint> {
  return options.prepare === 'never' ? { image: wanted.base } : startingPoint(wanted, log, signal);
}

function show(vm: VmHandle, { onVm }: VZVMSubstrateOptions): void {
  quietly(() => onVm?.(vm));
}

async function untilBooted(
  context: BootContext,
  hosted: HostedVm,
  { wanted, start, signal }: { wanted: Wanted; start: StartingPoint; signal: AbortSignal },
): Promise<void> {
  const boot = () => untilReady(context, hosted, signal);
  return start.image === wanted.base ? boot() : judgingImage(context, wanted, boot);
}

async function untilReady(context: BootContext, hosted: HostedVm, signal: AbortSignal): Promise<void> {
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

/** Claims a parked VM. One whose claim failed is ended. */
export async function claimOrEnd(
  hosted: HostedVm,
  boot: BootHarnessOptions,
  signal: AbortSignal,
): Promise<void> {
  const claim = { envs: boot.envs, label: boot.label };
  await orEnd(hosted, () => claimVm(hosted.session, claim, signal));
}

/** What failed may have been half done: its VM must serve nobody. */
async function orEnd({ vm }: HostedVm, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { problems } = await vm.dispose('claim failed');
    if (problems.length === 0) throw error;
    throw new VzvmError('RELEASE_FAILED', [messageOf(error), ...problems].join('; '), { cause: error });
  }
}

/** Why a boot did not end in a healthy VM. Resolves when nothing of it is left, unless it is kept for a look. */
async function bootFailure(
  { options }: BootContext,
  { vm, session }: HostedVm,
  signal: AbortSignal,
): Promise<VzvmError> {
  // The console is part of the guest's files: read it before they go, unless they are gone already.
  const consoleTail = await vm.consoleTail().catch(() => '');
  const isKept = vm.tags.has('failed') && options.keepOnFailure === true && !signal.aborted;
  const output = isKept ? undefined : await vm.done;
  const failure = vm.failure ?? output?.failure;
  if (!failure) return aborted(output);
  return new BootError(failure, {
    consoleTail: session.consoleAtFailure ?? consoleTail,
    problems: output?.problems ?? [],
    cause: session.lastError,
  });
}

function aborted(output: VmOutput | undefined): VzvmError {
  const problems = output?.problems ?? [];
  return new VzvmError('ABORTED', ['the boot was cancelled', ...problems].join('; '), {
    facts: { guest: output?.vmId },
  });
}
