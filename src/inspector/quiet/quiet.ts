import type { AnyEventObject, AnyStateMachine } from 'xstate';
import { activeOf, type AnySnapshot, childrenOf, type Held } from '../convert.ts';
import { ROOT_ACTOR } from '../records.ts';
import type { Taken } from './follow.ts';
import type { KnownAction, Macrostep, MacrostepTable } from './macrostep-table.ts';
import { PackedPath, type Passed } from './packed-path.ts';
import { rehearse } from './rehearse.ts';

/** What happened while nobody listened, in its order. */
export interface Unpacked {
  /** Milliseconds since the machine began. */
  readonly ms: number;
  /** Undefined where something is kept elsewhere. */
  readonly held: Held | undefined;
}

const MOST_BYTES = 2_048;
/** The last macrosteps, which are told with their events and actions. */
const MOST_IN_FULL = 64;
/** Before a machine begins. */
const NOWHERE: readonly string[] = [];

/** What is kept of a machine while nobody listens: which macrosteps it took, and where it is. */
export class Quiet {
  readonly #table: MacrostepTable;
  readonly #path: PackedPath;
  #active = NOWHERE;
  #snapshot: AnySnapshot | undefined;
  #snapshotEvent = '';

  constructor(table: MacrostepTable, ms: number) {
    this.#table = table;
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

  /** Takes a macrostep of a machine. */
  take(taken: Taken, machine: AnyStateMachine, ms: number): void {
    const { event, before, after } = taken;
    const from = before === this.#snapshot ? this.#active : activeOf(before as AnySnapshot);
    const to = activeOf(after);
    // Guards choose by the error that an event has: where the machine ends does not tell how it got there.
    const known = 'error' in event ? undefined : this.#table.find(from, event.type, to);
    const number = known ?? this.#table.add(from, to, rehearse(machine, taken));
    this.#path.step(ms, number, tellsMore(event) ? event : undefined);
    this.#active = to;
    this.#snapshot = after;
    this.#snapshotEvent = this.#table.word(event.type);
  }

  /** Something is kept elsewhere, which has its place among the steps. */
  elsewhere(ms: number): void {
    this.#path.elsewhere(ms);
  }

  /** Hands over the microsteps of the older half, each list in the place of what was counted as one. */
  halve(): readonly (readonly Unpacked[])[] {
    return this.#path.halve().map((passed) => this.#microsteps(passed));
  }

  /** All of it, the last macrosteps in full; then the actors at work that are not `known`, and where the machine is. */
  unpack(known: ReadonlySet<string>): readonly Unpacked[] {
    const all = [...this.#path];
    const steps = all.flatMap((passed, index) =>
      index < all.length - MOST_IN_FULL ? this.#microsteps(passed) : this.#inFull(passed),
    );
    const ms = all.at(-1)?.ms ?? 0;
    const snapshot = this.#snapshot;
    if (!snapshot) return steps;
    const children = childrenOf(snapshot).filter(({ actor }) => !known.has(actor));
    const last: Held = { type: 'snapshot', actor: ROOT_ACTOR, event: this.#snapshotEvent, snapshot };
    return [...steps, ...[...children, last].map((held) => ({ ms, held }))];
  }

  #microsteps({ ms, step, event }: Passed): readonly Unpacked[] {
    if (step === undefined) return [{ ms, held: undefined }];
    return microstepsOf(this.#table.macrostep(step), event).map((held) => ({ ms, held }));
  }

  #inFull({ ms, step, event }: Passed): readonly Unpacked[] {
    if (step === undefined) return [{ ms, held: undefined }];
    const macrostep = this.#table.macrostep(step);
    const microsteps = microstepsOf(macrostep, event);
    const all = [
      ...(macrostep.isSent ? [sent(event ?? { type: macrostep.event })] : []),
      ...macrostep.steps.flatMap(({ actions }, index) => [
        ...actions.map(done),
        ...microsteps.slice(index, index + 1),
      ]),
      ...macrostep.after.map(done),
    ];
    return all.map((held) => ({ ms, held }));
  }
}

const sent = (event: AnyEventObject): Held => ({ type: 'event', actor: ROOT_ACTOR, event, derived: true });

const done = (action: KnownAction): Held => ({ type: 'action', actor: ROOT_ACTOR, ...action, derived: true });

/** `told`: the event that was sent, where it tells more than its name. */
const microstepsOf = (macrostep: Macrostep, told: AnyEventObject | undefined): readonly Held[] =>
  macrostep.steps.map(({ event, edges, active }) => ({
    type: 'microstep',
    actor: ROOT_ACTOR,
    event: told?.type === event ? told : { type: event },
    edges,
    active,
  }));

/** Whether an event has a part in the reason of a step, besides its name. */
const tellsMore = (event: AnyEventObject): boolean => 'error' in event || 'reason' in event;
