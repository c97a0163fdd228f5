import type { AnyStateNode } from 'xstate';
import type { VmSession } from '../actors/index.ts';
import { messageOf } from '../errors.ts';
import { BootTimes, type StepTimes } from '../journal/index.ts';
import { imageMachine, type ImageOutput } from '../machines/image/index.ts';
import { DEFAULT_TIMEOUTS_MS, vmMachine, type VmInput } from '../machines/vm/index.ts';
import { type Progress, type ProgressClock, ProgressTracker, type StepFacts } from '../progress/index.ts';
import type { VZVMSubstrateOptions } from './options.ts';
import { quietly } from './quietly.ts';
import type { VmHandleEvent } from './vm-handle.ts';

/** What a substrate's progress is told with. */
export interface ProgressesOptions {
  readonly options: Pick<VZVMSubstrateOptions, 'onProgress'>;
  readonly stateDir: string;
  readonly log: (line: string) => void;
  readonly clock?: ProgressClock;
}

/** What follows one VM. */
export interface FollowedVm {
  readonly hear: (event: VmHandleEvent) => void;
  readonly end: () => void;
}

type ChartFacts = ReadonlyMap<string, StepFacts>;

/** What the charts say of their steps: a step is a state with a title. */
function factsIn(node: AnyStateNode): [string, StepFacts][] {
  const below = Object.values(node.states).flatMap(factsIn);
  const { title, slowAfterMs } = (node.meta ?? {}) as StepFacts;
  if (title === undefined) return below;
  return [[node.key, { title, ...(slowAfterMs === undefined ? {} : { slowAfterMs }) }], ...below];
}

const VM_FACTS: ChartFacts = new Map(factsIn(vmMachine.root as AnyStateNode));
const IMAGE_FACTS: ChartFacts = new Map(factsIn(imageMachine.root as AnyStateNode));

/** Tells the progress of all VMs and images of a substrate, and remembers how long their steps took. */
export class Progresses {
  readonly #options: ProgressesOptions;
  readonly #times: BootTimes;

  constructor(options: ProgressesOptions) {
    this.#options = options;
    this.#times = new BootTimes(options.stateDir);
  }

  /** Follows a VM. One that ends with this process anyway is told of, but not remembered. */
  vm(session: VmSession, input: VmInput): FollowedVm {
    const { name, driver, image } = session;
    const kind = driver.recipe === undefined ? undefined : kindOf(session);
    const timeouts: Readonly<Record<string, number | undefined>> = {
      ...DEFAULT_TIMEOUTS_MS,
      ...input.timeoutsMs,
    };
    const work = session.snapshotable === true ? 'template' : 'vm';
    const { tracker, remember } = this.#track(kind, VM_FACTS, {
      about: { subject: name, work, ...byDriver(session), from: image.ref },
      vm: name,
      // Of a healthy VM it says how long its connection may be lost.
      deadline: (step) => (step === 'healthy' ? undefined : timeouts[step]),
    });
    let wasReady = false;
    return {
      hear: (event) => {
        if (event.type === 'step') tracker.step(event);
        if (event.type === 'failed') tracker.failed(event.failure);
        if (event.type !== 'ready') return;
        tracker.ready();
        // The disposal is remembered by its end.
        remember(tracker.times);
        wasReady = true;
      },
      end: () => {
        tracker.end();
        const { disposing } = tracker.times;
        if (wasReady && disposing !== undefined) remember({ disposing });
      },
    };
  }

  /** Resolves when what is to be remembered is written. */
  settled(): Promise<void> {
    return this.#times.settled();
  }

  /** Follows the making of an image. */
  image(driver: VmSession['driver'], key: string, from: string): FollowedImage {
    const kind = driver.recipe === undefined ? undefined : `${nameOf(driver)} image`;
    const about = { subject: key, work: 'image', ...byDriver({ driver }), from } as const;
    const { tracker, remember } = this.#track(kind, IMAGE_FACTS, { about, deadline: () => undefined });
    let last: string | undefined;
    return {
      at: (step, failure) => {
        if (step === last || step === 'done') return;
        last = step;
        if (failure) tracker.failed(failure);
        tracker.step({ type: 'step', step });
      },
      end: (made) => {
        if (made) tracker.ready();
        tracker.end();
        if (made) remember(tracker.times);
      },
    };
  }

  #track(kind: string | undefined, facts: ChartFacts, { about, vm, deadline }: Tracked) {
    let usual: StepTimes = {};
    const { onProgress } = this.#options.options;
    const tracker = new ProgressTracker({
      about,
      ...(vm === undefined ? {} : { vm }),
      ...(this.#options.clock ? { clock: this.#options.clock } : {}),
      facts: (step) => factsOf(facts.get(step), usual[step], deadline(step)),
      onProgress: (progress) => quietly(() => onProgress?.(progress)),
    });
    if (kind === undefined) return { tracker, remember: () => undefined };
    // Nobody's boot waits for it, and who is told nothing needs none.
    if (onProgress)
      void this.#times.usual(kind).then((known) => {
        usual = known;
        tracker.refresh();
      });
    const tell = (error: unknown) =>
      this.#options.log(`how long this took cannot be remembered: ${messageOf(error)}`);
    return { tracker, remember: (times: StepTimes) => void this.#times.add(kind, times).catch(tell) };
  }
}

/** What follows the making of an image. */
export interface FollowedImage {
  /** Where it is now, and why it has failed. */
  readonly at: (step: string, failure: ImageOutput['failure']) => void;
  readonly end: (made: boolean) => void;
}

interface Tracked {
  readonly about: Pick<Progress, 'subject' | 'work' | 'driver' | 'accelerator' | 'from'>;
  readonly vm?: string;
  readonly deadline: (step: string) => number | undefined;
}

const nameOf = ({ name, accelerator = '' }: VmSession['driver']): string => `${name} ${accelerator}`.trim();

function byDriver({ driver }: Pick<VmSession, 'driver'>): Pick<Progress, 'driver' | 'accelerator'> {
  const { name, accelerator } = driver;
  return { driver: name, ...(accelerator === undefined ? {} : { accelerator }) };
}

/** Boots of one kind do the same work: how long one took says how long the next will take. */
function kindOf({ driver, image, template, isAdopted, snapshotable }: VmSession): string {
  const start = isAdopted
    ? 'attach'
    : template !== undefined
      ? 'fork'
      : image.digest.startsWith('kept:')
        ? 'prepared'
        : 'base';
  return `${nameOf(driver)} ${start}${snapshotable === true ? ' template' : ''}`;
}

function factsOf(
  known: StepFacts | undefined,
  usualMs: number | undefined,
  deadlineMs: number | undefined,
): StepFacts {
  return {
    ...known,
    ...(usualMs === undefined ? {} : { usualMs }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  };
}
