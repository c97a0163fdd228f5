import type { InspectorRecord, Json } from '../../records.ts';
import { stateName } from '../format.ts';

/** A record in a line: what happened, and why. */
export interface Line {
  readonly text: string;
  readonly reason: string;
}

/** The words of a record; undefined for one that says nothing to people. */
export function lineOf(record: InspectorRecord, nameOf: (actor: string) => string): Line | undefined {
  switch (record.kind) {
    case 'vm':
      return { text: `${record.vm} begins`, reason: `${record.driver}, ${record.image}` };
    case 'actor':
      return { text: `${record.name} begins`, reason: record.parent === undefined ? 'the machine' : '' };
    case 'event':
      return {
        text: eventName(record.event.type),
        reason: `to ${nameOf(record.actor)}${eventDetail(record.event)}`,
      };
    case 'microstep':
      return { text: record.edges.map(edgeText).join('  ·  '), reason: record.reason };
    case 'action':
      return { text: record.action.replace(/^xstate\./, ''), reason: actionDetail(record.params) };
    case 'snapshot':
      return {
        text: `${nameOf(record.actor)} is ${record.status === 'active' ? valueText(record.value) : record.status}`,
        reason: '',
      };
    case 'log':
      return { text: record.lines.join('\n'), reason: '' };
    case 'hint':
      return { text: record.hint, reason: 'what to do' };
    case 'digest':
      return { text: `${record.dropped} older records are not kept`, reason: 'their path and states are' };
  }
}

/** An event's name without what is the same in all. */
const eventName = (type: string): string =>
  type
    .replace(/^xstate\.done\.actor\./, 'done: ')
    .replace(/^xstate\.error\.actor\./, 'error: ')
    .replace(/^xstate\.done\.state\./, 'state done: ')
    .replace(/^xstate\.after\.([^.]+)\..*/, 'after $1')
    .replace(/^xstate\./, '');

function edgeText({
  source,
  target,
}: {
  readonly source: string;
  readonly target: readonly string[];
}): string {
  return `${stateName(source)} → ${target.map(stateName).join(', ') || 'stays'}`;
}

function eventDetail(event: { readonly [field: string]: Json }): string {
  const { reason, error } = event;
  if (typeof reason === 'string') return `: ${reason}`;
  const message =
    typeof error === 'object' && error !== null && 'message' in error ? error['message'] : undefined;
  return typeof message === 'string' ? `: ${message}` : '';
}

function actionDetail(params: Json | undefined): string {
  if (typeof params !== 'object' || params === null) return '';
  const fields = params as { readonly [field: string]: Json };
  const { event, id, src, sendId, delay } = fields;
  const emitted = event as { readonly [field: string]: Json } | undefined;
  const words = [src ?? id ?? sendId, emitted?.['type'], emitted?.['step'], emitted?.['phase']];
  const text = words
    .filter((word): word is string => typeof word === 'string' && !word.startsWith('xstate.'))
    .join(' ');
  return typeof delay === 'number' ? `${text} in ${delay} ms`.trim() : text;
}

function valueText(value: Json | undefined): string {
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? value : 'active';
  return Object.entries(value)
    .map(([key, inner]) =>
      inner !== null && typeof inner === 'object' && Object.keys(inner).length === 0
        ? key
        : `${key}.${valueText(inner)}`,
    )
    .join(' ∥ ');
}
