import type { InspectionEvent } from 'xstate';
import { createActors, type VmSession } from '../actors/index.ts';
import type { LogLine } from '../drivers/driver.ts';
import { VzvmError } from '../errors.ts';
import { followed, type Recorder } from '../inspector/index.ts';
import { vmMachine, type VmInput, type VmOutput } from '../machines/vm/index.ts';
import { describe } from './describe.ts';
import { detachVm } from './detach.ts';
import { RecordedVm } from './inspection/record-vm.ts';
import type { Ownerships } from './ownership.ts';
import type { VZVMSubstrateOptions } from './options.ts';
import type { Progresses } from './progress.ts';
import { CHART, CLOCK_OF, type Seams } from './seams.ts';
import { startSpans } from './telemetry/vm-spans.ts';
import type { DetachOptions, VmHandleEvent } from './vm-handle.ts';
import { VmRuntime } from './vm-runtime.ts';

/** A VM with what its actors share. */
export interface HostedVm {
  readonly vm: VmRuntime;
  readonly session: VmSession;
  /** Hides secrets that it is given from now on from whoever inspects it. */
  readonly hide: (secrets: readonly string[]) => void;
  /** Tells whoever inspects it what to do about its failure. */
  readonly advise: (hint: string) => void;
}

/** What the VMs of a substrate have around them. */
export interface VmHostParts {
  readonly log: LogLine;
  readonly options: VZVMSubstrateOptions & Seams;
  readonly ownerships: Ownerships;
  readonly progresses: Progresses;
  /** Each of them records all VMs. */
  readonly recorders: readonly Recorder[];
}

/** The VMs of one substrate: each is known here from its start to its end. */
export class VmHost {
  readonly #log: LogLine;
  readonly #inspect: ((event: InspectionEvent) => void) | undefined;
  readonly #ownerships: Ownerships;
  readonly #progresses: Progresses;
  readonly #recorders: readonly Recorder[];
  readonly #clockOf: Seams[typeof CLOCK_OF];
  readonly #sessions = new Map<string, VmSession>();
  readonly #running = new Map<string, VmRuntime>();
  readonly #left: VmOutput[] = [];
  readonly #machine: typeof vmMachine;

  constructor({ log, options, ownerships, progresses, recorders }: VmHostParts) {
    this.#log = log;
    const { inspect } = options;
    this.#inspect = typeof inspect === 'object' ? (event) => inspect.next?.(event) : inspect;
    this.#clockOf = options[CLOCK_OF];
    this.#ownerships = ownerships;
    this.#progresses = progresses;
    this.#recorders = recorders;
    const actors = createActors({ session: (vmId) => this.#session(vmId) });
    this.#machine = (options[CHART] ?? vmMachine).provide({ actors });
  }

  /** Starts a VM. `isNews` says which of its events are told in the log. */
  start(
    session: VmSession,
    input: VmInput,
    isNews: (event: VmHandleEvent) => boolean = () => true,
  ): HostedVm {
    const { name } = session;
    this.#sessions.set(name, session);
    const recorded = this.#recorders.map((recorder) => new RecordedVm(recorder, session, input));
    const owned = this.#ownerships.of(session);
    session.owned = owned;
    const progress = this.#progresses.vm(session, input);
    const spans = startSpans(session);
    session.spans = spans;
    const tell = (event: VmHandleEvent) => {
      progress.hear(event);
      spans?.hear(event);
      const line = isNews(event) ? describe(name, event) : undefined;
      if (line !== undefined) this.#log(line);
      owned?.note(event);
      for (const each of recorded) each.told(event);
    };
    const detach = (how: DetachOptions) => detachVm(this.#ownerships, { vm, session }, how);
    const machine = followed(
      this.#machine,
      recorded.map(({ follower }) => follower),
    );
    const parts = { machine, session, input, clock: this.#clockOf?.(name), inspect: this.#inspect };
    const vm: VmRuntime = new VmRuntime({ ...parts, onEvent: tell, detach });
    this.#running.set(name, vm);
    void vm.done.then((output) => {
      progress.end();
      spans?.end(output);
      for (const each of recorded) each.ended();
      this.#ended(output);
      this.#ownerships.ended(session);
    });
    return {
      vm,
      session,
      hide: (secrets) => recorded.forEach((each) => each.hide(secrets)),
      advise: (hint) => recorded.forEach((each) => each.advise(hint)),
    };
  }

  /** How many VMs there are. */
  get count(): number {
    return this.#running.size;
  }

  /** Ends all VMs; resolves when the last one is gone, also with those that ended before and left something behind. */
  async dispose(reason: string): Promise<readonly VmOutput[]> {
    const left = [...this.#left];
    return [...left, ...(await Promise.all([...this.#running.values()].map((vm) => vm.dispose(reason))))];
  }

  #ended(output: VmOutput): void {
    const { vmId, problems } = output;
    this.#running.delete(vmId);
    this.#sessions.delete(vmId);
    if (problems.length === 0) return;
    this.#left.push(output);
    this.#log(`${vmId}: left behind: ${problems.join('; ')}`);
  }

  #session(vmId: string): VmSession {
    const session = this.#sessions.get(vmId);
    if (!session) throw new VzvmError('INTERNAL', `no VM ${vmId} is known here`, { facts: { guest: vmId } });
    return session;
  }
}
