import type { Json, TakenEdge } from './records.ts';

type Event = { readonly type: string; readonly [field: string]: Json };

/** Why a machine moved on, in words: what happened, and what was asked then. */
export function reasonOf(event: Event, edges: readonly TakenEdge[]): string {
  const guards = edges.flatMap(({ guard }) => (guard === undefined ? [] : [guard]));
  const isEventless = edges.length > 0 && edges.every((edge) => edge.event === '');
  const why = isEventless ? 'decided at once' : cause(event, edges[0]?.event ?? event.type);
  return guards.length === 0 ? why : `${why}, as ${guards.join(' and ')}`;
}

function cause(event: Event, type: string): string {
  const [, what, kind, ...rest] = type.split('.');
  const name = rest.join('.');
  if (!type.startsWith('xstate.')) return `${type}${detail(event['reason'])}`;
  if (what === 'init') return 'started';
  if (what === 'stop') return 'was stopped';
  if (what === 'done' && kind === 'actor') return `${name} has ended well`;
  if (what === 'error' && kind === 'actor') return `${name} failed${detail(messageIn(event['error']))}`;
  if (what === 'done' && kind === 'state') return `${name.split('.').at(-1)} is done`;
  if (what === 'after') return `${kind} is over`;
  return type;
}

const detail = (text: Json | undefined): string => (typeof text === 'string' ? `: ${text}` : '');

function messageIn(error: Json | undefined): Json | undefined {
  if (typeof error !== 'object' || error === null || Array.isArray(error)) return error;
  return (error as { readonly [field: string]: Json })['message'];
}
