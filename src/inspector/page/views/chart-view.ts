import { chartToSvg, vmChart } from '../../chart/index.ts';
import type { CountedEdge } from '../../records.ts';
import { byId } from '../dom.ts';
import { stateName } from '../format.ts';
import type { Store } from '../store.ts';
import type { VmState } from '../vm-state.ts';
import { Zoom } from './zoom.ts';

const SVG = 'http://www.w3.org/2000/svg';

/** Draws the chart: active states lit, the way so far marked, what was done more than once counted. */
export function chartView(store: Store): { readonly draw: () => void; readonly zoom: Zoom } {
  const box = byId('chart');
  const source = new DOMParser().parseFromString(chartToSvg(vmChart, { styled: false }), 'image/svg+xml');
  const svg = document.importNode(source.documentElement, true) as unknown as SVGSVGElement;
  box.append(svg);
  const states = groups(svg, 'state');
  const edges = groups(svg, 'edge');
  const zoom = new Zoom(box, svg, vmChart);
  let drawn = '';
  const draw = () => {
    const state = store.shown;
    if (!state) return;
    const key = `${state.facts?.vm} ${state.lastAt} ${state.path.active.join()} ${store.choices.moment}`;
    if (key === drawn) return;
    drawn = key;
    markStates(states, state);
    markEdges(edges, state);
    const { active } = state.path;
    const innermost = innermostOf(active);
    byId('chart-where').textContent = innermost.map(stateName).join('  ∥  ');
    // Of one that failed the place where it did: where it is now says nothing.
    const at = innermostOf(state.failure ? state.failedIn : active);
    zoom.look(at.filter((id) => !id.startsWith('vm.alive.running.process')).at(-1));
  };
  return { draw, zoom };
}

const innermostOf = (active: readonly string[]): readonly string[] =>
  active.filter((id) => !active.some((other) => other.startsWith(`${id}.`)));

function groups(svg: SVGSVGElement, name: 'state' | 'edge'): ReadonlyMap<string, SVGGElement> {
  const found = [...svg.querySelectorAll<SVGGElement>(`[data-${name}]`)];
  return new Map(found.map((group) => [group.dataset[name] ?? '', group]));
}

function markStates(states: ReadonlyMap<string, SVGGElement>, state: VmState): void {
  const { active, states: visited } = state.path;
  const failed = new Set(state.failedIn.filter((id) => !active.includes(id)));
  const innermostFailed = innermostOf(state.failedIn).filter((id) => !id.includes('.process'));
  for (const [id, group] of states) {
    const count = visited[id]?.count ?? 0;
    group.classList.toggle('is-active', active.includes(id));
    group.classList.toggle('was-active', count > 0);
    const hasFailed = state.failure !== undefined && (innermostFailed.includes(id) || id === 'failed');
    group.classList.toggle('is-failed', hasFailed && (failed.has(id) || count > 0));
    badge(group, count > 1 ? `×${count}` : '', 'state-count', cornerOf(group));
  }
}

function markEdges(edges: ReadonlyMap<string, SVGGElement>, { path }: VmState): void {
  const taken = Object.values(path.edges);
  for (const edge of vmChart.edges) {
    const group = edges.get(edge.id);
    if (!group) continue;
    const count = taken.filter((each) => standsFor(edge, each)).reduce((sum, each) => sum + each.count, 0);
    group.classList.toggle('was-taken', count > 0);
    const [from, to] = edge.points;
    const at = from && to ? { x: (from.x + to.x) / 2 + 10, y: (from.y + to.y) / 2 + 3 } : undefined;
    badge(group, count > 1 ? `×${count}` : '', 'edge-count', at);
  }
}

function standsFor(edge: (typeof vmChart.edges)[number], taken: CountedEdge): boolean {
  return edge.transitions.some(
    ({ source, event, target, guard }) =>
      source === taken.source &&
      event === taken.event &&
      guard === taken.guard &&
      taken.target.includes(target),
  );
}

function cornerOf(group: SVGGElement): { x: number; y: number } | undefined {
  const box = group.querySelector('rect');
  if (!box) return undefined;
  return { x: box.x.baseVal.value + box.width.baseVal.value - 8, y: box.y.baseVal.value + 14 };
}

/** A number in the drawing. */
function badge(
  group: SVGGElement,
  text: string,
  name: string,
  at: { x: number; y: number } | undefined,
): void {
  const known = group.querySelector(`.${name}`);
  if (text === '' || !at) return known?.remove();
  const label = known ?? document.createElementNS(SVG, 'text');
  label.setAttribute('class', name);
  label.setAttribute('x', String(at.x));
  label.setAttribute('y', String(at.y));
  label.textContent = text;
  if (!known) group.append(label);
}
