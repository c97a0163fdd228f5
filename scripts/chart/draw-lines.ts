import type { ChartTransition } from '../../src/inspector/chart/types.ts';
import type { ReadMachine } from './read-machine.ts';

/** A line between siblings, and all the transitions that it stands for. */
export interface Line {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly texts: readonly string[];
  readonly transitions: readonly ChartTransition[];
}

const MOST_TEXTS = 4;

/** The lines of a chart: a dozen that can be followed, in the place of each transition's own. */
export function linesOf({ nodes, transitions }: ReadMachine): Line[] {
  const parents = new Map(nodes.map(({ id, parent }) => [id, parent]));
  const pathOf = (id: string): string[] => {
    const parent = parents.get(id) ?? null;
    return parent === null ? [id] : [...pathOf(parent), id];
  };
  const lines = new Map<string, Line>();
  for (const each of transitions) {
    const [source, target] = siblings(pathOf(each.source), pathOf(each.target));
    const id = `${source} -> ${target}`;
    const found = lines.get(id)?.transitions ?? [];
    const all = [...found, each];
    lines.set(id, { id, source, target, transitions: all, texts: textsOf(all, source) });
  }
  return [...lines.values()];
}

/** The ends of a line: where the ways from the root to both states part. */
function siblings(from: readonly string[], to: readonly string[]): [string, string] {
  const parting = from.findIndex((id, depth) => id !== to[depth]);
  const depth = parting === -1 ? from.length - 1 : Math.min(parting, to.length - 1);
  return [from[depth] as string, to[depth] as string];
}

/** What a line says: of transitions far below it in general words. */
function textsOf(transitions: readonly ChartTransition[], source: string): string[] {
  const texts = transitions.map((each) => (each.source === source ? each.label : ofAny(each)));
  const unique = [...new Set(texts)];
  return unique.length <= MOST_TEXTS ? unique : [...unique.slice(0, MOST_TEXTS - 1), '…'];
}

function ofAny({ event, guard }: ChartTransition): string {
  return [inGeneral(event), guard === undefined ? '' : `[${guard}]`].filter(Boolean).join(' ');
}

function inGeneral(event: string): string {
  if (event.startsWith('xstate.after.')) return 'a deadline';
  if (event.startsWith('xstate.error.')) return 'an error';
  return event.replace(/^xstate\.done\.actor\.(.*)$/, '$1 done');
}
