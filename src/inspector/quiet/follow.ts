import type { AnyActorScope, AnyEventObject, AnyMachineSnapshot, AnyStateMachine } from 'xstate';

/** What a machine did for one event: a macrostep, as xstate calls it. */
export interface Taken {
  readonly event: AnyEventObject;
  /** Undefined where the machine began with it. */
  readonly before: AnyMachineSnapshot | undefined;
  readonly after: AnyMachineSnapshot;
}

/** Who is told what a machine does. */
export interface Follower {
  /** The machine begins. */
  begins(machine: AnyStateMachine, scope: AnyActorScope, input: unknown): void;
  /** It has taken a macrostep, and has come to rest. */
  took(taken: Taken): void;
  /** It could not take it, and has ended. */
  ended(): void;
}

/** Whom a followed machine tells. */
const FOLLOWERS = Symbol('followers');

interface Followed extends AnyStateMachine {
  readonly [FOLLOWERS]: readonly Follower[];
}

/**
 * The machine, followed from one state to the next. An inspection callback would cost far more: as soon as there is one,
 * xstate makes an event of all that every actor does, where here is one call for each event that the machine gets.
 */
export function followed<M extends AnyStateMachine>(machine: M, followers: readonly Follower[]): M {
  if (followers.length === 0) return machine;
  return Object.assign(Object.create(tellingOf(machine)) as M, { [FOLLOWERS]: followers });
}

const known = new WeakMap<AnyStateMachine, AnyStateMachine>();

/** Made once for each machine: a VM's own part of it is the list of its followers alone. */
function tellingOf(machine: AnyStateMachine): AnyStateMachine {
  const made = known.get(machine) ?? telling(machine);
  known.set(machine, made);
  return made;
}

function telling(machine: AnyStateMachine): AnyStateMachine {
  function transition(
    this: Followed,
    before: AnyMachineSnapshot,
    event: AnyEventObject,
    scope: AnyActorScope,
  ) {
    let after: AnyMachineSnapshot;
    try {
      after = machine.transition(before, event, scope);
    } catch (error) {
      tell(this, (follower) => follower.ended());
      throw error;
    }
    const taken = { event, before, after };
    tell(this, (follower) => follower.took(taken));
    return after;
  }
  function getInitialSnapshot(this: Followed, scope: AnyActorScope, input: unknown) {
    tell(this, (follower) => follower.begins(machine, scope, input));
    const after = machine.getInitialSnapshot(scope, input);
    const taken = { event: { type: 'xstate.init', input }, before: undefined, after };
    tell(this, (follower) => follower.took(taken));
    return after;
  }
  const value = { transition: { value: transition }, getInitialSnapshot: { value: getInitialSnapshot } };
  return Object.create(machine, value) as AnyStateMachine;
}

/** Whoever follows a machine must not break it. */
function tell({ [FOLLOWERS]: followers }: Followed, what: (follower: Follower) => void): void {
  for (const follower of followers)
    try {
      what(follower);
    } catch {
      // What it does not know of this step it may learn of the next one.
    }
}
