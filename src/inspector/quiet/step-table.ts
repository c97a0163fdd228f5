import type { TakenEdge } from '../records.ts';

/** An action that a step does, as far as it is the same each time. */
export interface KnownAction {
  readonly action: string;
  readonly params: object;
}

/** A step that the machines of a chart take again and again. */
export interface KnownStep {
  readonly event: string;
  readonly edges: readonly TakenEdge[];
  readonly active: readonly string[];
  /** What was seen around it, once it was seen whole. */
  seen: Seen | undefined;
  /** Actions that come after it, where it is the last one before a pause. */
  after: readonly KnownAction[];
}

/** What is around a step whenever it is taken. */
export interface Seen {
  /** Whether its event was sent to the machine; else it is the machine's own. */
  readonly isSent: boolean;
  readonly actions: readonly KnownAction[];
}

/** Numbers for the steps of one chart, shared by all VMs that follow it: there are as many as the chart has ways. */
export class StepTable {
  readonly #steps: KnownStep[] = [];
  readonly #words = new Map<string, string>();
  readonly #byEdges = new Map<readonly TakenEdge[], number[]>();

  /** The number of a step, from 0. */
  numberOf(event: string, edges: readonly TakenEdge[], active: readonly string[]): number {
    const known = this.#byEdges.get(edges);
    for (const number of known ?? []) {
      const step = this.#steps[number];
      if (step?.active === active && step.event === event) return number;
    }
    const number = this.#steps.push({ event, edges, active, seen: undefined, after: [] }) - 1;
    if (known) known.push(number);
    else this.#byEdges.set(edges, [number]);
    return number;
  }

  /** A word, the same one each time: machines make theirs anew. */
  word(word: string): string {
    const known = this.#words.get(word);
    if (known === undefined) this.#words.set(word, word);
    return known ?? word;
  }

  /** The step of a number that was told. */
  step(number: number): KnownStep {
    return this.#steps[number] as KnownStep;
  }
}

const tables = new WeakMap<object, StepTable>();

/** The table of a machine. It goes with it. */
export function tableOf(machine: object): StepTable {
  const known = tables.get(machine);
  if (known) return known;
  const table = new StepTable();
  tables.set(machine, table);
  return table;
}
