import type { BootContext } from './boot-context.ts';
import { assertNotAborted, untilReady } from './boot-end.ts';
import { imageFor } from './choose-driver.ts';
import { machineInput } from './machine-input.ts';
import { readPayload } from './payload.ts';
import { startingPoint, type StartingPoint, type Wanted } from './prepared-image.ts';
import { quietly } from './quietly.ts';
import { readPlan } from './session.ts';
import { judgingImage } from './suspect-image.ts';
import { tidy } from './tidy.ts';
import type { VmSession } from '../actors/index.ts';
import type { VZVMSubstrateOptions } from './options.ts';
import type { HostedVm } from './vm-host.ts';

/** Everything that decides what a VM is given, read anew each time: files may have changed. */
export async function readWanted(
  { options, log, driver: choose, ownerships }: BootContext,
  signal: AbortSignal,
): Promise<Wanted> {
  assertNotAborted(signal);
  const driver = await choose();
  ownerships.prepare(driver);
  const plan = await readPlan(options);
  const payload = await readPayload(options.bundlePath, plan.preparation);
  const base = await driver.resolveImage(imageFor(driver, options), { signal, log });
  assertNotAborted(signal);
  return { driver, plan, payload, base };
}

/** What VMs start from now. */
export async function startOf(
  { options, log }: BootContext,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<StartingPoint> {
  return options.prepare === 'never' ? { image: wanted.base } : startingPoint(wanted, log, signal);
}

/** Starts a VM, and shows it to whoever asked to see it. */
export function startShown(
  { host, options }: BootContext,
  session: VmSession,
  more: Pick<VZVMSubstrateOptions, 'keepOnFailure'> = {},
): HostedVm {
  const hosted = host.start(session, machineInput(session, { ...options, ...more }));
  quietly(() => options.onVm?.(hosted.vm));
  return hosted;
}

/** Resolves when a VM that boots is healthy: it then has told whether its image is good, and may have added another. */
export async function untilBooted(
  context: BootContext,
  hosted: HostedVm,
  { wanted, start, signal }: { wanted: Wanted; start: StartingPoint; signal: AbortSignal },
): Promise<void> {
  const boot = () => untilReady(context, hosted, signal);
  await (start.image === wanted.base ? boot() : judgingImage(context, wanted, boot));
  if (start.keep) await tidy(context, wanted.driver);
}
