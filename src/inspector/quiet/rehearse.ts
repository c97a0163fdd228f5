import {
  type AnyActorScope,
  type AnyStateMachine,
  createActor,
  type ExecutableActionsFrom,
  type InspectionEvent,
} from 'xstate';
import { type MicrostepEvent, stepOf } from '../convert.ts';
import type { Taken } from './follow.ts';
import type { KnownAction, KnownStep, Macrostep } from './macrostep-table.ts';

type Action = ExecutableActionsFrom<AnyStateMachine>;

/**
 * How a machine got from one state to the next. It only tells so while it goes, so that it is made to go once more: its
 * transitions are functions of where it is and of the event, and what it would do besides is put down and not done.
 */
export function rehearse(machine: AnyStateMachine, { event, before }: Taken): Macrostep {
  const steps: KnownStep[] = [];
  let actions: KnownAction[] = [];
  const take = (step: MicrostepEvent) => {
    steps.push({ event: step.event.type, ...stepOf(step), actions });
    actions = [];
  };
  const scope = inertScope(machine, take, (action) => actions.push(known(action)));
  if (before) machine.transition(before as never, event as never, scope as never);
  else machine.getInitialSnapshot(scope as never, event['input'] as never);
  // What a machine does as it begins is done when all of its first steps are taken.
  const after = before ? actions : [...steps.flatMap((step) => step.actions), ...actions];
  return {
    event: event.type,
    isSent: before !== undefined,
    steps: before ? steps : steps.map((step) => ({ ...step, actions: [] })),
    after,
  };
}

/** Of an actor that never starts. */
function inertScope(
  machine: AnyStateMachine,
  onStep: (step: MicrostepEvent) => void,
  onAction: (action: Action) => void,
): AnyActorScope {
  let isReady = false;
  const inspect = (seen: InspectionEvent) => {
    if (isReady && seen.type === '@xstate.microstep' && seen.actorRef === self) onStep(seen);
  };
  const self = createActor(machine, { inspect });
  isReady = true; // What it did until now is how every actor is made.
  const nothing = () => undefined;
  return {
    self,
    system: self.system,
    id: self.id,
    sessionId: self.sessionId,
    logger: nothing,
    defer: nothing,
    emit: nothing,
    stopChild: nothing,
    actionExecutor: onAction as never,
  };
}

/** Only what no machine has of its own: the others must not show what one of them did. */
function known({ type, params }: Action): KnownAction {
  const { id, src, sendId, event } = (params ?? {}) as Readonly<Record<string, unknown>>;
  const eventType = (event as { readonly type?: unknown } | undefined)?.type;
  const words = Object.entries({ id, src, sendId }).filter(([, word]) => typeof word === 'string');
  return {
    action: type,
    params: {
      ...Object.fromEntries(words),
      ...(typeof eventType === 'string' ? { event: { type: eventType } } : {}),
    },
  };
}
