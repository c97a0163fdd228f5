import type { CountedEdge, Path, TakenEdge, Visit, VisitedState } from './records.ts';

/** What a machine did at one moment. */
export interface PathStep {
  readonly at: number;
  readonly edges: readonly TakenEdge[];
  readonly active: readonly string[];
}

/** A guest that is slow to answer is looked for a thousand times. */
const MOST_VISITS = 24;

/** Before a machine's first step. */
export const EMPTY_PATH: Path = { states: {}, edges: {}, active: [] };

/** Names an edge: two of a state may differ by their guards alone. */
export const edgeKey = ({ source, event, guard = '', target }: TakenEdge): string =>
  `${source} ${event} ${guard} ${target.join()}`;

/** A path that grows by what a machine does. Plain data that can be sent on; bounded by the size of the chart. */
export class GrowingPath {
  readonly #states: Record<string, VisitedState>;
  readonly #edges: Record<string, CountedEdge>;
  #active: readonly string[];

  constructor(from: Path = EMPTY_PATH) {
    this.#states = { ...from.states };
    this.#edges = { ...from.edges };
    this.#active = from.active;
  }

  get path(): Path {
    return { states: { ...this.#states }, edges: { ...this.#edges }, active: this.#active };
  }

  get active(): readonly string[] {
    return this.#active;
  }

  take({ at, edges, active }: PathStep): void {
    for (const edge of edges) this.#count(edge, at);
    this.#move(active, at);
  }

  #count(edge: TakenEdge, at: number): void {
    const key = edgeKey(edge);
    const before = this.#edges[key]?.count ?? 0;
    this.#edges[key] = { ...edge, count: before + 1, lastAt: at };
  }

  #move(active: readonly string[], at: number): void {
    const before = this.#active;
    if (active === before) return;
    this.#active = active;
    for (const state of before) if (!active.includes(state)) this.#leave(state, at);
    for (const state of active) if (!before.includes(state)) this.#enter(state, at);
  }

  #enter(state: string, at: number): void {
    const { count = 0, totalMs = 0, visits = [] } = this.#states[state] ?? {};
    this.#states[state] = {
      count: count + 1,
      totalMs,
      visits: [...visits.slice(1 - MOST_VISITS), { from: at }],
    };
  }

  #leave(state: string, at: number): void {
    const known = this.#states[state];
    const last = known?.visits.at(-1);
    if (!known || !last) return;
    const visits: readonly Visit[] = [...known.visits.slice(0, -1), { from: last.from, to: at }];
    this.#states[state] = { ...known, totalMs: known.totalMs + at - last.from, visits };
  }
}
