import { claimVm } from '../actors/index.ts';
import type { Driver, LogLine } from '../drivers/driver.ts';
import { messageOf, VzvmError } from '../errors.ts';
import type { VmOutput } from '../machines/vm/index.ts';
import type { BootHarnessOptions } from '@computeragent/sdk';
import { BootError } from './boot-error.ts';
import { imageFor } from './choose-driver.ts';
import { machineInput } from './machine-input.ts';
import type { VZVMSubstrateOptions } from './options.ts';
import { readPayload } from './payload.ts';
import { startingPoint, type StartingPoint, type Wanted } from './prepared-image.ts';
import { quietly } from './quietly.ts';
import { createSession, readPlan } from './session.ts';
import { newSecret, parkingOf, type Template, templateFor } from './template.ts';
import type { VmHandle } from './vm-handle.ts';
import type { HostedVm, VmHost } from './vm-host.ts';

/** What the boots of one substrate share. */
export interface BootContext {
  readonly options: VZVMSubstrateOptions;
  readonly log: LogLine;
  readonly host: VmHost;
  readonly driver: () => Promise<Driver>;
}

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

/** Boots, or forks, a VM with a healthy harness that serves these envs. A boot that fails leaves nothing. */
export async function bootVm(
  context: BootContext,
  boot: BootHarnessOptions,
  signal: AbortSignal,
): Promise<HostedVm> {
  const { options, log } = context;
  const wanted = await readWanted(context, signal);
  const start = await startOf(context, wanted, signal);
  const template = await templateOf(context, wanted, start, signal);
  const session = createSession({
    ...wanted,
    ...start,
    ...(template ? { template: template.key, parking: parkingOf(template.secret, true) } : {}),
    envs: template ? {} : boot.envs,
    log,
  });
  assertNotAborted(signal);
  const hosted = context.host.start(session, machineInput(session, options));
  show(hosted.vm, options);
  return untilReady(context, hosted, signal, async () => {
    if (session.parking) await claimOrEnd(hosted, boot, signal);
  });
}

/** Boots a VM whose harness waits to be claimed: it knows nothing yet of whose it will be. */
export async function bootParked(context: BootContext, signal: AbortSignal): Promise<HostedVm> {
  const { options, log, host } = context;
  const wanted = await readWanted(context, signal);
  const start = await startOf(context, wanted, signal);
  const parking = parkingOf(newSecret(), false);
  const session = createSession({ ...wanted, ...start, parking, envs: {}, log });
  assertNotAborted(signal);
  const hosted = host.start(session, machineInput(session, { ...options, keepOnFailure: false }));
  show(hosted.vm, options);
  return untilReady(context, hosted, signal, () => Promise.resolve());
}

async function startOf(
  { options, log }: BootContext,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<StartingPoint> {
  return options.prepare === 'never' ? { image: wanted.base } : startingPoint(wanted, log, signal);
}

async function templateOf(
  context: BootContext,
  wanted: Wanted,
  { image, keep }: StartingPoint,
  signal: AbortSignal,
): Promise<Template | undefined> {
  const { options, log, host } = context;
  // Only what is prepared is worth a template: the first VM of all is on its way at once, and prepares it.
  if (options.fork !== 'auto' || keep || image === wanted.base) return undefined;
  const start = (secret: string): HostedVm => {
    const parking = parkingOf(secret, true);
    const session = createSession({ ...wanted, image, parking, snapshotable: true, envs: {}, log });
    const input = { ...machineInput(session, options), keepOnFailure: true };
    return host.start(session, input, (event) => event.type === 'step' && event.step !== 'failed');
  };
  return templateFor({ wanted, image, cacheDir: options.cacheDir, start, log, signal });
}

function show(vm: VmHandle, { onVm }: VZVMSubstrateOptions): void {
  quietly(() => onVm?.(vm));
}

async function untilReady(
  context: BootContext,
  hosted: HostedVm,
  signal: AbortSignal,
  andThen: () => Promise<void>,
): Promise<HostedVm> {
  const { vm } = hosted;
  const abort = () => void vm.dispose('aborted');
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) abort();
    const end = await vm.settled();
    if (end !== 'ready' || signal.aborted) throw await bootFailure(context, hosted, signal);
    await andThen();
    if (signal.aborted) throw await bootFailure(context, hosted, signal);
    return hosted;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** A claim that failed may have been half done: its VM must serve nobody. */
export async function claimOrEnd(
  { vm, session }: HostedVm,
  boot: BootHarnessOptions,
  signal: AbortSignal,
): Promise<void> {
  try {
    await claimVm(session, { envs: boot.envs, label: boot.label }, signal);
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
