import type { AnyEventObject, InspectionEvent } from 'xstate';
import { type AnySnapshot, childrenOf, type Held, type MicrostepEvent, stepOf } from '../convert.ts';
import { ROOT_ACTOR } from '../records.ts';
import type { Learner } from './learner.ts';
import { PackedPath, type Passed } from './packed-path.ts';
import { type KnownStep, type StepTable, tableOf } from './step-table.ts';

/** What happened while nobody listened, in its order. */
export interface Unpacked {
  /** Milliseconds since the machine began. */
  readonly ms: number;
  /** Undefined where something is kept elsewhere. */
  readonly held: Held | undefined;
}

const MOST_BYTES = 2_048;
/** The last steps, which are told with their events and actions. */
const MOST_IN_FULL = 64;

/** What is kept of a machine while nobody listens: which steps it took, and where it is. */
export class Quiet {
  readonly #learner: Learner;
  readonly #table: StepTable;
  readonly #path: PackedPath;
  #snapshot: AnySnapshot | undefined;
  #snapshotEvent = '';

  constructor(machine: object, learner: Learner, ms: number) {
    this.#table = tableOf(machine);
    this.#learner = learner;
    this.#path = new PackedPath(ms);
  }

  /** How many numbers it has taken. */
  get count(): number {
    return this.#path.count;
  }

  /** Whether it has to be halved. */
  get isFull(): boolean {
    return this.#path.size > MOST_BYTES;
  }

  /** The machine begins. */
  begin(): void {
    this.#learner.begin(this);
  }

  /** Takes a step of the machine itself. */
  step(event: MicrostepEvent, ms: number): void {
    const { edges, active } = stepOf(event);
    const number = this.#table.numberOf(event.event.type, edges, active);
    this.#learner.step(this, event.event, this.#table.step(number));
    this.#path.step(ms, number, tellsMore(event.event) ? event.event : undefined);
  }

  /** Takes what else the machine itself does. */
  pass(event: InspectionEvent): void {
    switch (event.type) {
      case '@xstate.event':
        // Its first steps come before this one.
        if (event.event.type !== 'xstate.init') this.#learner.begin(this, event.event);
        return;
      case '@xstate.action':
        return this.#learner.action(this, event);
      case '@xstate.snapshot':
        this.#learner.pause(this);
        this.#snapshot = event.snapshot as AnySnapshot;
        this.#snapshotEvent = this.#table.word(event.event.type);
        return;
      case '@xstate.actor':
      case '@xstate.microstep':
      case '@xstate.transition':
    }
  }

  /** Something is kept elsewhere, which has its place among the steps. */
  elsewhere(ms: number): void {
    this.#path.elsewhere(ms);
  }

  /** Hands over the older half of its steps. */
  halve(): readonly Unpacked[] {
    return this.#path.halve().map((passed) => ({ ms: passed.ms, held: this.#microstep(passed) }));
  }

  /** All of it, the last steps in full; then the actors at work that are not `known`, and where the machine is. */
  unpack(known: ReadonlySet<string>): readonly Unpacked[] {
    const all = [...this.#path];
    const steps = all.flatMap((passed, index) =>
      index < all.length - MOST_IN_FULL
        ? [{ ms: passed.ms, held: this.#microstep(passed) }]
        : this.#inFull(passed),
    );
    const ms = all.at(-1)?.ms ?? 0;
    const snapshot = this.#snapshot;
    if (!snapshot) return steps;
    const children = childrenOf(snapshot).filter(({ actor }) => !known.has(actor));
    const last: Held = { type: 'snapshot', actor: ROOT_ACTOR, event: this.#snapshotEvent, snapshot };
    return [...steps, ...[...children, last].map((held) => ({ ms, held }))];
  }

  #microstep({ step, event }: Passed): Held | undefined {
    return step === undefined ? undefined : microstepOf(this.#table.step(step), event);
  }

  #inFull({ ms, step, event }: Passed): readonly Unpacked[] {
    if (step === undefined) return [{ ms, held: undefined }];
    const known = this.#table.step(step);
    const { isSent = false, actions = [] } = known.seen ?? {};
    const sent: Held = {
      type: 'event',
      actor: ROOT_ACTOR,
      event: event ?? { type: known.event },
      derived: true,
    };
    const done = (each: (typeof actions)[number]): Held => ({
      type: 'action',
      actor: ROOT_ACTOR,
      ...each,
      derived: true,
    });
    const all = [
      ...(isSent ? [sent] : []),
      ...actions.map(done),
      microstepOf(known, event),
      ...known.after.map(done),
    ];
    return all.map((held) => ({ ms, held }));
  }
}

const microstepOf = ({ event, edges, active }: KnownStep, told: AnyEventObject | undefined): Held => ({
  type: 'microstep',
  actor: ROOT_ACTOR,
  event: told ?? { type: event },
  edges,
  active,
});

/** Whether an event has a part in the reason of a step, besides its name. */
const tellsMore = (event: AnyEventObject): boolean => 'error' in event || 'reason' in event;
