import { type InspectorRecord, type Json, ROOT_ACTOR } from '../records.ts';

/** A message as the hosted inspector and its receivers read it. */
export interface StatelyMessage {
  readonly type: '@xstate.actor' | '@xstate.event' | '@xstate.snapshot';
  readonly sessionId: string;
  readonly rootId: string;
  readonly createdAt: string;
  readonly id: null;
  readonly _version: string;
  readonly [field: string]: unknown;
}

/** The version of the protocol that is spoken. */
const VERSION = '0.7.2';

/** A snapshot as far as the protocol wants it whole. */
const snapshotOf = (record: InspectorRecord & { kind: 'snapshot' }): Readonly<Record<string, Json>> => {
  const { status, value, context, tags, output, error } = record;
  return {
    status,
    ...(value === undefined ? {} : { value, children: {}, historyValue: {} }),
    ...(context === undefined ? {} : { context }),
    ...(tags === undefined ? {} : { tags }),
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error }),
  };
};

/**
 * A record as the official protocol has it: none where that has no word for it. An actor's `definition` is the machine's
 * configuration, or what stands for one.
 */
export function toStately(
  record: InspectorRecord,
  definition: string | undefined,
): readonly StatelyMessage[] {
  const { vm, at } = record;
  const session = (actor: string): string => (actor === ROOT_ACTOR ? vm : `${vm}/${actor}`);
  const base = { rootId: vm, createdAt: String(at), id: null, _version: VERSION };
  switch (record.kind) {
    case 'actor': {
      const { actor, name, parent } = record;
      const isMachine = actor === ROOT_ACTOR && definition !== undefined;
      return [
        {
          ...base,
          type: '@xstate.actor',
          sessionId: session(actor),
          name,
          ...(parent === undefined ? {} : { parentId: session(parent) }),
          definition: isMachine ? definition : JSON.stringify({ id: name }),
          snapshot: { status: 'active' },
        },
      ];
    }
    case 'event': {
      const { actor, source, event } = record;
      const from = source === undefined ? {} : { sourceId: session(source) };
      return [{ ...base, type: '@xstate.event', sessionId: session(actor), ...from, event }];
    }
    case 'snapshot': {
      const { actor, event } = record;
      const facts = { event: { type: event }, snapshot: snapshotOf(record) };
      return [{ ...base, type: '@xstate.snapshot', sessionId: session(actor), ...facts }];
    }
    case 'digest':
      return record.snapshots.flatMap((snapshot) => toStately(snapshot, definition));
    case 'vm':
    case 'microstep':
    case 'action':
    case 'log':
    case 'hint':
      return [];
  }
}

/**
 * Adds an actor's beginning before the first message of one that nobody was told of: it would draw nothing. `known`
 * remembers those that were.
 */
export function withActors(
  messages: readonly StatelyMessage[],
  known: Set<string>,
): readonly StatelyMessage[] {
  return messages.flatMap((message) => {
    const { sessionId, rootId, createdAt } = message;
    const isKnown = known.has(sessionId) || message.type === '@xstate.actor';
    known.add(sessionId);
    if (isKnown) return [message];
    const [vm, actor = ROOT_ACTOR] = [rootId, sessionId.split('/')[1]];
    const begins = {
      vm,
      at: Number(createdAt),
      seq: 0,
      kind: 'actor',
      actor,
      name: actor,
      parent: ROOT_ACTOR,
    } as const;
    return [...toStately(begins, undefined), message];
  });
}
