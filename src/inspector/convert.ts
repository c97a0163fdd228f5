import type { AnyActorRef, AnyEventObject, AnyTransitionDefinition, InspectionEvent } from 'xstate';
import type { PathStep } from './path.ts';
import { reasonOf } from './reason.ts';
import { type InspectorRecord, type Json, type RecordBase, ROOT_ACTOR, type TakenEdge } from './records.ts';
import type { Redactor } from './redact.ts';

type ActorEvent = { readonly type: string; readonly [field: string]: Json };

/** What of an actor is read, whatever its logic. */
type Ref = AnyActorRef & { readonly options?: { readonly input?: unknown } };

/** What of a snapshot is read; only machines have all of it. */
interface AnySnapshot {
  readonly status: string;
  readonly value?: unknown;
  readonly context?: unknown;
  readonly tags?: ReadonlySet<string>;
  readonly output?: unknown;
  readonly error?: unknown;
  readonly _nodes?: readonly { readonly id: string }[];
}

/** An inspection event as a record, or undefined for one of no interest. */
export function recordOf(
  base: RecordBase,
  event: InspectionEvent,
  redactor: Redactor,
): InspectorRecord | undefined {
  const id = (ref: unknown) => idOf(ref as Ref, event.rootId);
  const actor = id(event.actorRef);
  switch (event.type) {
    case '@xstate.actor':
      return { ...base, kind: 'actor', actor, ...actorFacts(event.actorRef as Ref, id, redactor) };
    case '@xstate.event': {
      const source = event.sourceRef && { source: id(event.sourceRef) };
      return { ...base, kind: 'event', actor, ...source, event: shownEvent(event.event, redactor) };
    }
    case '@xstate.microstep': {
      const { edges, active } = stepOf(base.at, event);
      const reason = reasonOf(shownEvent(event.event, redactor), edges);
      return { ...base, kind: 'microstep', actor, event: event.event.type, edges, active, reason };
    }
    case '@xstate.action': {
      const { type, params } = event.action;
      const shown = params === undefined ? {} : { params: redactor.plain('params', params) };
      return { ...base, kind: 'action', actor, action: type, ...shown };
    }
    case '@xstate.snapshot': {
      const facts = snapshotFacts(event.snapshot as AnySnapshot, redactor);
      return { ...base, kind: 'snapshot', actor, event: event.event.type, ...facts };
    }
    case '@xstate.transition':
      return undefined;
  }
}

/** What the root machine did, as its path takes it; cheap, because it is known by reference. */
export function stepOf(at: number, event: InspectionEvent & { type: '@xstate.microstep' }): PathStep {
  const { _nodes = [] } = event.snapshot as AnySnapshot;
  return { at, edges: event._transitions.map(edgeOf), active: activeIds(_nodes) };
}

const idOf = ({ sessionId }: Ref, rootId: string): string => (sessionId === rootId ? ROOT_ACTOR : sessionId);

/** The id of an event's actor within its VM. */
export const actorOf = (event: InspectionEvent): string => idOf(event.actorRef as Ref, event.rootId);

const knownEdges = new WeakMap<AnyTransitionDefinition, TakenEdge>();

/** The machine is shared by all VMs, and its edges with it. */
function edgeOf(transition: AnyTransitionDefinition): TakenEdge {
  const known = knownEdges.get(transition);
  if (known) return known;
  const guard = guardName(transition.guard);
  const edge: TakenEdge = {
    source: transition.source.id,
    event: transition.eventType,
    target: (transition.target ?? []).map(({ id }) => id),
    ...(guard === undefined ? {} : { guard }),
  };
  knownEdges.set(transition, edge);
  return edge;
}

function guardName(guard: unknown): string | undefined {
  if (typeof guard === 'string') return guard;
  if (typeof guard === 'function') return guard.name || 'a guard';
  const type = (guard as { readonly type?: unknown } | undefined)?.type;
  return typeof type === 'string' ? type : undefined;
}

const knownActive = new WeakMap<object, readonly string[]>();

function activeIds(nodes: readonly { readonly id: string }[]): readonly string[] {
  const known = knownActive.get(nodes);
  if (known) return known;
  const ids = nodes.map(({ id }) => id);
  knownActive.set(nodes, ids);
  return ids;
}

function actorFacts(ref: Ref, id: (ref: unknown) => string, redactor: Redactor) {
  const parent = ref._parent && { parent: id(ref._parent) };
  const input = ref.options?.input === undefined ? {} : { input: redactor.plain('input', ref.options.input) };
  return { name: ref.id, ...parent, ...input };
}

const shownEvent = (event: AnyEventObject, redactor: Redactor): ActorEvent => ({
  ...(redactor.plain('event', event) as { readonly [field: string]: Json }),
  type: event.type,
});

function snapshotFacts(snapshot: AnySnapshot, redactor: Redactor) {
  const { status, value, context, tags, output, error, _nodes } = snapshot;
  return {
    status,
    ...(value === undefined ? {} : { value: value as Json }),
    ...(_nodes === undefined ? {} : { active: activeIds(_nodes) }),
    ...(tags === undefined ? {} : { tags: [...tags] }),
    ...(context === undefined ? {} : { context: redactor.plain('context', context) }),
    ...(output === undefined ? {} : { output: redactor.plain('output', output) }),
    ...(error === undefined ? {} : { error: redactor.plain('error', error) }),
  };
}
