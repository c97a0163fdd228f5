import { createActor, fromPromise, type InspectionEvent, SimulatedClock } from 'xstate';
import {
  type GuestExit,
  type GuestFacts,
  type HarnessExit,
  type Step,
  type VmEmitted,
  type VmInput,
  type VmOutput,
  vmMachine,
} from '../../../src/machines/vm/index.ts';

/** The actor that does the work of each step. */
export const WORKER = {
  cloning: 'clone',
  booting: 'startVm',
  'ip-polling': 'pollAddress',
  'ssh-connect': 'connect',
  upload: 'upload',
  'node-install': 'installNode',
  'npm-install': 'installPackages',
  spawn: 'spawnHarness',
} as const satisfies Record<Step, string>;

export const NOTHING_YET: GuestFacts = { harnessUploaded: false, nodeReady: false, packagesReady: false };
/** What an actor does when it is started once: hang until the test settles it, throw, or answer. */
export const HANG = Symbol('hang');
export type ActorName =
  | (typeof WORKER)[Step]
  | 'keepImage'
  | 'watchProcess'
  | 'probeHealth'
  | 'watchHarness'
  | 'reachGuest'
  | 'release';
export type Plan = Partial<Record<ActorName, readonly unknown[]>>;

const ANSWERS: Record<ActorName, unknown> = {
  clone: undefined,
  startVm: undefined,
  watchProcess: HANG,
  pollAddress: '10.0.0.9',
  connect: NOTHING_YET,
  upload: undefined,
  installNode: undefined,
  installPackages: undefined,
  keepImage: null,
  spawnHarness: undefined,
  probeHealth: true,
  watchHarness: HANG,
  reachGuest: undefined,
  release: [],
};

/** Lets everything that is ready happen. Nothing in these tests does I/O, so turns of the event loop are enough. */
export async function settle(turns = 25): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1)
    await new Promise<void>((resolve) => void setImmediate(resolve));
}

/** One VM machine with scripted actors under a clock that only the test moves. */
export class World {
  readonly clock = new SimulatedClock();
  /** Actors in the order they were started. */
  readonly calls: ActorName[] = [];
  /** Actors whose work was cancelled. */
  readonly aborted: ActorName[] = [];
  readonly inputs: unknown[] = [];
  readonly emitted: (VmEmitted & { readonly at: number })[] = [];
  /** What the machine itself died of: never anything. */
  readonly errors: unknown[] = [];
  readonly actor;
  readonly #plan: Map<ActorName, unknown[]>;
  readonly #pending = new Map<ActorName, PromiseWithResolvers<unknown>>();

  constructor(plan: Plan = {}, input: Partial<VmInput> = {}, inspect?: (event: InspectionEvent) => void) {
    this.#plan = new Map(Object.entries(plan).map(([name, turns]) => [name as ActorName, [...turns]]));
    this.actor = createActor(vmMachine.provide({ actors: this.#actors() }), {
      clock: this.clock,
      input: { vmId: 'v1', image: 'img', ...input },
      ...(inspect ? { inspect } : {}),
    });
    this.actor.on('*', (event) => void this.emitted.push({ ...event, at: this.clock.now() }));
    this.actor.subscribe({ error: (error) => void this.errors.push(error) });
    this.actor.start();
  }

  #actors() {
    return {
      clone: this.#scripted<void>('clone'),
      startVm: this.#scripted<void>('startVm'),
      watchProcess: this.#scripted<GuestExit>('watchProcess'),
      pollAddress: this.#scripted<string | null>('pollAddress'),
      connect: this.#scripted<GuestFacts>('connect'),
      upload: this.#scripted<void>('upload'),
      installNode: this.#scripted<void>('installNode'),
      installPackages: this.#scripted<void>('installPackages'),
      keepImage: this.#scripted<string | null>('keepImage'),
      spawnHarness: this.#scripted<void>('spawnHarness'),
      probeHealth: this.#scripted<boolean>('probeHealth'),
      watchHarness: this.#scripted<HarnessExit>('watchHarness'),
      reachGuest: this.#scripted<void>('reachGuest'),
      release: this.#scripted<string[]>('release'),
    };
  }

  #scripted<Out>(name: ActorName) {
    return fromPromise<Out, { readonly vmId: string }>(async ({ input, signal }) => {
      this.calls.push(name);
      this.inputs.push(input);
      const turns = this.#plan.get(name) ?? [ANSWERS[name]];
      const turn = turns.length > 1 ? turns.shift() : turns[0];
      if (turn instanceof Error) throw turn;
      if (turn !== HANG) return turn as Out;
      const pending = Promise.withResolvers<unknown>();
      this.#pending.set(name, pending);
      signal.addEventListener('abort', () => {
        this.aborted.push(name);
        pending.reject(signal.reason);
      });
      return (await pending.promise) as Out;
    });
  }

  /** Answers for an actor that hangs. */
  async answer(name: ActorName, value?: unknown): Promise<void> {
    const pending = this.#pending.get(name);
    if (!pending) throw new Error(`${name} is not waiting`);
    pending.resolve(value);
    await settle();
  }

  /** Fails for an actor that hangs. */
  async reject(name: ActorName, error: unknown): Promise<void> {
    const pending = this.#pending.get(name);
    if (!pending) throw new Error(`${name} is not waiting`);
    pending.reject(error);
    await settle();
  }

  /** Moves the clock in slices, so that timers armed on the way count from where they were armed. */
  async pass(ms: number, slice = ms): Promise<void> {
    await settle();
    for (let left = ms; left > 0; left -= slice) {
      this.clock.increment(Math.min(slice, left));
      await settle();
    }
  }

  async dispose(reason = 'test'): Promise<void> {
    this.actor.send({ type: 'DISPOSE', reason });
    await settle();
  }

  get snapshot() {
    return this.actor.getSnapshot();
  }
  get output(): VmOutput {
    if (this.snapshot.status !== 'done') throw new Error(`not done: ${JSON.stringify(this.snapshot.value)}`);
    return this.snapshot.output as VmOutput;
  }
  get where(): string {
    return this.snapshot.status === 'done' ? 'disposed' : this.snapshot.context.step;
  }
  get isDone(): boolean {
    return this.snapshot.status === 'done';
  }
  count(name: ActorName): number {
    return this.calls.filter((call) => call === name).length;
  }
  /** The steps announced, in order. */
  get started(): string[] {
    return this.emitted.flatMap((event) =>
      event.type === 'step' && event.phase === 'start' ? [event.step] : [],
    );
  }
}
