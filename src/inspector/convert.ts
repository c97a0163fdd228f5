import type { AnyActorRef, AnyEventObject, AnyTransitionDefinition, InspectionEvent } from 'xstate';
import type { PathStep } from './path.ts';
import { reasonOf } from './reason.ts';
import { type InspectorRecord, type Json, type RecordBase, ROOT_ACTOR, type TakenEdge } from './records.ts';
import type { Redactor } from './redact.ts';

type ActorEvent = { readonly type: string; readonly [field: string]: Json };

/** What of an actor is read, whatever its logic. */
type Ref = AnyActorRef & { readonly options?: { readonly input?: unknown } };

/** What of a snapshot is read; only machines have all of it. */
export interface AnySnapshot {
  readonly status: string;
  readonly value?: unknown;
  readonly context?: unknown;
  readonly tags?: ReadonlySet<string>;
  readonly output?: unknown;
  readonly error?: unknown;
  readonly children?: Readonly<Record<string, unknown>>;
  readonly _nodes?: readonly { readonly id: string }[];
}

/** What is held of an inspection event until somebody wants to see it: no actor, which would live on with it. */
export type Held =
  | ({ readonly type: 'actor'; readonly actor: string } & HeldActor)
  | {
      readonly type: 'event';
      readonly actor: string;
      readonly source?: string;
      readonly event: AnyEventObject;
      readonly derived?: true;
    }
  | {
      readonly type: 'action';
      readonly actor: string;
      readonly action: string;
      readonly params: unknown;
      readonly derived?: true;
    }
  | ({ readonly type: 'microstep'; readonly actor: string; readonly event: AnyEventObject } & Step)
  | {
      readonly type: 'snapshot';
      readonly actor: string;
      readonly event: string;
      readonly snapshot: AnySnapshot;
    };

type Step = Omit<PathStep, 'at'>;

interface HeldActor {
  readonly name: string;
  readonly parent?: string;
  readonly input: unknown;
}

/** What is held of an inspection event; undefined for one of no interest. */
export function heldOf(event: InspectionEvent): Held | undefined {
  const actor = actorOf(event);
  switch (event.type) {
    case '@xstate.actor': {
      const { id, _parent, options } = event.actorRef as Ref;
      const parent = _parent && { parent: idOf(_parent, event.rootId) };
      return { type: 'actor', actor, name: id, ...parent, input: options?.input };
    }
    case '@xstate.event': {
      const source = event.sourceRef && { source: idOf(event.sourceRef as Ref, event.rootId) };
      return { type: 'event', actor, ...source, event: event.event };
    }
    case '@xstate.microstep':
      return { type: 'microstep', actor, event: event.event, ...stepOf(event) };
    case '@xstate.action':
      return { type: 'action', actor, action: event.action.type, params: event.action.params };
    case '@xstate.snapshot':
      return { type: 'snapshot', actor, event: event.event.type, snapshot: event.snapshot as AnySnapshot };
    case '@xstate.transition':
      return undefined;
  }
}

/** What a microstep did. The same lists each time that the same is done. */
export const stepOf = ({ _transitions, snapshot }: MicrostepEvent): Step => ({
  edges: edgesOf(_transitions),
  active: activeOf(snapshot),
});

/** The ids of the states that a machine is in. The same list each time that it is in the same. */
export const activeOf = ({ _nodes = NOTHING }: AnySnapshot): readonly string[] => activeIds(_nodes);

/** A step of a machine, as xstate tells it. */
export type MicrostepEvent = Extract<InspectionEvent, { readonly type: '@xstate.microstep' }>;

/** The actors at work for a machine. */
export const childrenOf = ({ children = {} }: AnySnapshot): readonly (Held & { type: 'actor' })[] =>
  Object.values(children as Readonly<Record<string, Ref>>).map(({ sessionId, id, options }) => ({
    type: 'actor',
    actor: sessionId,
    name: id,
    parent: ROOT_ACTOR,
    input: options?.input,
  }));

/** What was held, as a record. */
export function recordOf(base: RecordBase, held: Held, redactor: Redactor): InspectorRecord {
  const { actor } = held;
  switch (held.type) {
    case 'actor': {
      const { name, parent, input } = held;
      const shown = input === undefined ? {} : { input: redactor.plain('input', input) };
      return { ...base, kind: 'actor', actor, name, ...(parent === undefined ? {} : { parent }), ...shown };
    }
    case 'event': {
      const source = held.source === undefined ? {} : { source: held.source };
      const { derived } = held;
      const event = shownEvent(held.event, redactor);
      return { ...base, kind: 'event', actor, ...source, event, ...(derived ? { derived } : {}) };
    }
    case 'microstep': {
      const { event, edges, active } = held;
      const reason = reasonOf(shownEvent(event, redactor), edges);
      return { ...base, kind: 'microstep', actor, event: event.type, edges, active, reason };
    }
    case 'action': {
      const { action, derived } = held;
      const shown = held.params === undefined ? {} : { params: redactor.plain('params', held.params) };
      return { ...base, kind: 'action', actor, action, ...shown, ...(derived ? { derived } : {}) };
    }
    case 'snapshot':
      return {
        ...base,
        kind: 'snapshot',
        actor,
        event: held.event,
        ...snapshotFacts(held.snapshot, redactor),
      };
  }
}

const idOf = ({ sessionId }: Ref, rootId: string): string => (sessionId === rootId ? ROOT_ACTOR : sessionId);

/** The id of an event's actor within its VM. */
export const actorOf = (event: InspectionEvent): string => idOf(event.actorRef as Ref, event.rootId);

const NOTHING: readonly never[] = [];

interface Taken {
  readonly transitions: readonly AnyTransitionDefinition[];
  readonly edges: readonly TakenEdge[];
}

/** By the first transition of each: steps that take the same edges share the list of them. */
const knownSteps = new WeakMap<AnyTransitionDefinition, Taken[]>();

function edgesOf(transitions: readonly AnyTransitionDefinition[]): readonly TakenEdge[] {
  const [first] = transitions;
  if (!first) return NOTHING;
  const known = knownSteps.get(first) ?? [];
  const found = known.find((each) => areSame(each.transitions, transitions));
  if (found) return found.edges;
  const edges = transitions.map(edgeOf);
  knownSteps.set(first, [...known, { transitions, edges }]);
  return edges;
}

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

interface Node {
  readonly id: string;
}

interface Active {
  readonly nodes: readonly Node[];
  readonly ids: readonly string[];
}

/** By the last node of each: VMs go the same ways, and share the lists. */
const knownActive = new WeakMap<Node, Active[]>();

function activeIds(nodes: readonly Node[]): readonly string[] {
  const last = nodes.at(-1);
  if (!last) return NOTHING;
  const known = knownActive.get(last) ?? [];
  const found = known.find((each) => areSame(each.nodes, nodes));
  if (found) return found.ids;
  const ids = nodes.map(({ id }) => id);
  knownActive.set(last, [...known, { nodes, ids }]);
  return ids;
}

function areSame<T>(some: readonly T[], others: readonly T[]): boolean {
  if (some.length !== others.length) return false;
  for (let index = 0; index < some.length; index += 1) if (some[index] !== others[index]) return false;
  return true;
}

const shownEvent = (event: AnyEventObject, redactor: Redactor): ActorEvent => ({
  ...(redactor.plain('event', event) as { readonly [field: string]: Json }),
  type: event.type,
});

function snapshotFacts(snapshot: AnySnapshot, redactor: Redactor) {
  const { status, value, context, tags, output, error, children, _nodes } = snapshot;
  return {
    status,
    ...(value === undefined ? {} : { value: value as Json }),
    ...(_nodes === undefined ? {} : { active: activeIds(_nodes) }),
    ...(tags === undefined ? {} : { tags: [...tags] }),
    ...(children === undefined ? {} : { children: Object.keys(children) }),
    ...(context === undefined ? {} : { context: redactor.plain('context', context) }),
    ...(output === undefined ? {} : { output: redactor.plain('output', output) }),
    ...(error === undefined ? {} : { error: redactor.plain('error', error) }),
  };
}
