import type { AnyStateMachine, AnyStateNode } from 'xstate';
import type { ChartNode, ChartTransition } from '../../src/inspector/chart/types.ts';

type Place = 'x' | 'y' | 'width' | 'height' | 'start';

/** A state before it has a place. */
export type ReadNode = Omit<ChartNode, Place>;

/** What a chart says, without places. */
export interface ReadMachine {
  readonly id: string;
  readonly nodes: readonly ReadNode[];
  readonly transitions: readonly ChartTransition[];
}

/** Reads a chart. Transitions that lead nowhere only act, and are left out. */
export function readMachine(machine: AnyStateMachine): ReadMachine {
  const nodes = nodesOf(machine.root);
  return { id: machine.root.id, nodes: nodes.map(readNode), transitions: nodes.flatMap(transitionsOf) };
}

const nodesOf = (node: AnyStateNode): AnyStateNode[] => [
  node,
  ...Object.values(node.states).flatMap(nodesOf),
];

function readNode(node: AnyStateNode): ReadNode {
  const initial = node.type === 'compound' ? node.initial.target?.[0] : undefined;
  const { title } = (node.meta ?? {}) as { readonly title?: string };
  return {
    id: node.id,
    key: node.key,
    parent: node.parent?.id ?? null,
    type: node.type as ReadNode['type'],
    ...(initial === undefined ? {} : { initial: initial.id }),
    ...(title === undefined ? {} : { title }),
    description: node.description ?? '',
    tags: node.tags,
    invokes: node.invoke.map(({ src }) => (typeof src === 'string' ? src : 'inline')),
  };
}

function transitionsOf(node: AnyStateNode): ChartTransition[] {
  const all = [...node.transitions.values(), node.always ?? []].flat();
  return all.flatMap(({ eventType, guard, target }) => {
    const name = guardName(guard);
    const label = [wordsFor(eventType), name === undefined ? '' : `[${name}]`].filter(Boolean).join(' ');
    const more = name === undefined ? {} : { guard: name };
    return (target ?? []).map(({ id }) => ({
      source: node.id,
      event: eventType,
      target: id,
      ...more,
      label: label === '' ? 'else' : label,
    }));
  });
}

function guardName(guard: unknown): string | undefined {
  if (typeof guard === 'string') return guard;
  return (guard as { readonly type?: string } | undefined)?.type;
}

/** What the library calls its own events is nothing to read. */
function wordsFor(event: string): string {
  const [, kind, name] = /^xstate\.(after|done|error)\.(?:(?:actor|state)\.)?([^.]+)/.exec(event) ?? [];
  if (kind === undefined || name === undefined) return event;
  if (kind === 'after') return `after ${name}`;
  // Whose it is, is written in the state that waits for it.
  return kind;
}
