import type { TakenEdge } from '../records.ts';

/** An action that a machine does, as far as it is the same each time. */
export interface KnownAction {
  readonly action: string;
  readonly params: object;
}

/** A microstep, with what is done before it is over. */
export interface KnownStep {
  readonly event: string;
  readonly edges: readonly TakenEdge[];
  readonly active: readonly string[];
  readonly actions: readonly KnownAction[];
}

/** What machines of a chart do for an event, again and again. */
export interface Macrostep {
  readonly event: string;
  /** Whether the event was sent to the machine; it begins with one that is not. */
  readonly isSent: boolean;
  readonly steps: readonly KnownStep[];
  /** What is done after the last of them. */
  readonly after: readonly KnownAction[];
}

/** Where a macrostep leads. */
interface Way {
  readonly to: readonly string[];
  readonly number: number;
}

/** Numbers for the macrosteps of one chart, shared by all VMs that follow it: there are as many as the chart has ways. */
export class MacrostepTable {
  readonly #all: Macrostep[] = [];
  readonly #ways = new Map<readonly string[], Map<string, Way[]>>();
  readonly #words = new Map<string, string>();

  /** The number, from 0, of the one that leads from some active states to others; undefined before it is added. */
  find(from: readonly string[], event: string, to: readonly string[]): number | undefined {
    for (const way of this.#ways.get(from)?.get(event) ?? []) if (way.to === to) return way.number;
    return undefined;
  }

  /** The number of one that was looked at closely: more than one may lead from the same states to the same others. */
  add(from: readonly string[], to: readonly string[], macrostep: Macrostep): number {
    const byEvent = this.#ways.get(from) ?? new Map<string, Way[]>();
    this.#ways.set(from, byEvent);
    const ways = byEvent.get(macrostep.event) ?? [];
    byEvent.set(macrostep.event, ways);
    const known = ways.find((way) => way.to === to && areAlike(this.macrostep(way.number), macrostep));
    if (known) return known.number;
    const number = this.#all.push(macrostep) - 1;
    ways.push({ to, number });
    return number;
  }

  /** A word, the same one each time: machines make theirs anew. */
  word(word: string): string {
    const known = this.#words.get(word);
    if (known === undefined) this.#words.set(word, word);
    return known ?? word;
  }

  /** The macrostep of a number that was told. */
  macrostep(number: number): Macrostep {
    return this.#all[number] as Macrostep;
  }
}

/** Whether they take the same edges: what else they do follows from these. */
function areAlike(one: Macrostep, other: Macrostep): boolean {
  return (
    one.steps.length === other.steps.length &&
    one.steps.every(({ edges }, index) => edges === other.steps[index]?.edges)
  );
}

const tables = new WeakMap<object, MacrostepTable>();

/** The table of a machine. It goes with it. */
export function tableOf(machine: object): MacrostepTable {
  const known = tables.get(machine);
  if (known) return known;
  const table = new MacrostepTable();
  tables.set(machine, table);
  return table;
}
