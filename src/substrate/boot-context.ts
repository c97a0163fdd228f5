import type { Driver, LogLine } from '../drivers/driver.ts';
import { defaultStateDir } from '../drivers/folders.ts';
import { Ownerships } from './ownership.ts';
import { Progresses } from './progress.ts';
import { type SpareMemory, spareMemoryMiB } from './spare-memory.ts';
import type { Recorder } from '../inspector/index.ts';
import { machineInput } from './machine-input.ts';
import type { VZVMSubstrateOptions } from './options.ts';
import { createSession } from './session.ts';
import { parkingOf, type TemplateOf } from './template.ts';
import { Templates } from './templates.ts';
import { type HostedVm, VmHost } from './vm-host.ts';

/** What the boots of one substrate share. */
export interface BootContext {
  readonly options: VZVMSubstrateOptions;
  readonly log: LogLine;
  readonly host: VmHost;
  readonly ownerships: Ownerships;
  readonly progresses: Progresses;
  readonly driver: () => Promise<Driver>;
  readonly templates: Templates;
  readonly spareMiB: SpareMemory;
  /** Aborted when the substrate is disposed. */
  readonly closing: AbortSignal;
}

/** What is given to {@link createBootContext}. */
export interface BootContextParts extends Pick<BootContext, 'options' | 'log' | 'driver' | 'closing'> {
  /** @defaultValue asks the system */
  readonly spareMiB?: SpareMemory;
  /** Each of them records all VMs. @defaultValue none */
  readonly recorders?: readonly Recorder[];
}

/** Puts together what boots share. */
export function createBootContext(parts: BootContextParts): BootContext {
  const { options, log, spareMiB = spareMemoryMiB, recorders = [] } = parts;
  const stateDir = options.stateDir ?? defaultStateDir();
  const ownerships = new Ownerships(stateDir, log);
  const progresses = new Progresses({ options, stateDir, log });
  const host = new VmHost({ log, options, ownerships, progresses, recorders });
  const start = (of: TemplateOf, secret: string) => startForTemplate({ options, log, host }, of, secret);
  return {
    ...parts,
    host,
    ownerships,
    progresses,
    spareMiB,
    templates: new Templates({ options, log, spareMiB, start }),
  };
}

/** Whoever makes the template ends it, and tells why it failed. */
function startForTemplate(
  { options, log, host }: Pick<BootContext, 'options' | 'log' | 'host'>,
  { wanted, image }: TemplateOf,
  secret: string,
): HostedVm {
  const parking = parkingOf(secret, true);
  const session = createSession({ ...wanted, image, parking, snapshotable: true, envs: {}, log });
  const input = { ...machineInput(session, options), keepOnFailure: true };
  return host.start(session, input, (event) => event.type === 'step' && event.step !== 'failed');
}
