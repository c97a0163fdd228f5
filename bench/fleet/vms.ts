import { type AnyActorLogic, createActor, fromPromise } from 'xstate';
import type { VmSession } from '../../src/actors/index.ts';
import { Feed } from '../../src/inspector/feed.ts';
import { followed, type InspectorRecord, Recorder, TraceWriter } from '../../src/inspector/index.ts';
import { vmMachine } from '../../src/machines/vm/index.ts';
import { RecordedVm } from '../../src/substrate/inspection/record-vm.ts';
import type { VmHandleEvent } from '../../src/substrate/vm-handle.ts';
import { VmRuntime } from '../../src/substrate/vm-runtime.ts';

/**
 * What a VM is made of in a measurement: its chart alone, with what the substrate has around each, with the inspector's
 * records of it that nobody looks at, that somebody does, or that go into a file.
 */
export const KINDS = ['chart', 'runtime', 'inspected', 'viewed', 'traced'] as const;
/** One of {@link KINDS}. */
export type Kind = (typeof KINDS)[number];

/** A simulated VM. */
export interface FleetVm {
  readonly isHealthy: () => boolean;
  /** Resolves when it has ended. */
  readonly end: () => Promise<unknown>;
}

const NOTHING_YET = { harnessUploaded: false, nodeReady: false, packagesReady: false };
const ANSWERS: Readonly<Record<string, unknown>> = {
  pollAddress: '10.0.0.9',
  connect: NOTHING_YET,
  keepImage: null,
  probeHealth: true,
  release: [],
};

/** The real chart with actors that have nothing to do: every step is taken, and what watches a VM sees no end. */
function machineOfNoWork(): typeof vmMachine {
  const actors = Object.keys(vmMachine.implementations.actors).map((name): [string, AnyActorLogic] => {
    // A promise for each VM: one that all share would hold on to those that have ended.
    const answer = name.startsWith('watch')
      ? () => new Promise(() => {})
      : () => Promise.resolve(ANSWERS[name]);
    return [name, fromPromise(answer)];
  });
  return vmMachine.provide({ actors: Object.fromEntries(actors) });
}

/** Made once, as by the substrate: to provide actors costs more than a whole VM. */
const machine = machineOfNoWork();

let recorder: Recorder | undefined;
let feed: Feed | undefined;
let writer: TraceWriter | undefined;

/** All boots of a measurement go into one file. */
const LARGEST_TRACE = 8 * 1024 ** 3;

/** Made once, as by the process: with somebody who reads all of it as fast as it comes, with a file, or with nobody. */
export function prepare(kind: Kind, traceFile: string): void {
  if (kind === 'chart' || kind === 'runtime') return;
  recorder = new Recorder();
  // As a viewer's stream does: what is told is written as JSON.
  const write = (records: readonly InspectorRecord[]) => Promise.resolve(void JSON.stringify(records));
  if (kind === 'viewed') feed = new Feed(recorder, { write, caughtUp: () => {} });
  if (kind === 'traced') {
    const onProblem = (problem: string) => {
      throw new Error(problem);
    };
    writer = new TraceWriter({ path: traceFile, limitBytes: LARGEST_TRACE, onProblem });
    feed = new Feed(recorder, writer, { forgets: true });
  }
  void feed?.run();
}

/** Resolves when whoever is told of the VMs knows all. */
export async function told(): Promise<void> {
  await feed?.flush();
}

/** Closes the file. */
export async function finish(): Promise<void> {
  feed?.stop();
  await writer?.close();
}

/** Starts one VM as a root actor of its own. */
export function startVm(kind: Kind, number: number): FleetVm {
  const vmId = `vm-${number}`;
  return kind === 'chart' ? startChart(vmId) : startRuntime(vmId, recorder);
}

function startChart(vmId: string): FleetVm {
  const actor = createActor(machine, { id: vmId, input: { vmId, image: 'none' } });
  const ended = Promise.withResolvers<void>();
  actor.subscribe({ error: ended.reject, complete: ended.resolve });
  actor.start();
  return {
    isHealthy: () => actor.getSnapshot().hasTag('ready'),
    end: () => {
      actor.send({ type: 'DISPOSE', reason: 'measured' });
      return ended.promise;
    },
  };
}

function startRuntime(vmId: string, recorder: Recorder | undefined): FleetVm {
  // The only parts of a session that a runtime, and its record, ask for while all goes well.
  const parts = { name: vmId, driver: { name: 'none' }, image: { ref: 'none' }, plan: { resources: {} } };
  const session = parts as unknown as VmSession;
  const input = { vmId, image: 'none' };
  const recorded = recorder && new RecordedVm(recorder, session, input);
  const onEvent = (event: VmHandleEvent) => recorded?.told(event);
  const vm = new VmRuntime({
    machine: followed(machine, recorded ? [recorded.follower] : []),
    session,
    input,
    onEvent,
  });
  return { isHealthy: () => vm.tags.has('ready'), end: () => vm.dispose('measured') };
}
