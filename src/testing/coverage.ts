import type { AnyStateMachine, AnyStateNode, InspectionEvent } from 'xstate';
import { toDirectedGraph } from 'xstate/graph';
import { vmMachine } from '../machines/vm/index.ts';

type Transition = NonNullable<AnyStateNode['always']>[number];

/** An edge of a chart, as `state on event if guard → targets`. */
function edgeOf(from: AnyStateNode, { eventType, guard, target }: Transition): string {
  const condition =
    typeof guard === 'object' ? (guard as { type?: string }).type : (guard as string | undefined);
  const event = eventType === '' ? 'always' : eventType.replace(/^xstate\.(done\.)?(actor\.)?/, '');
  const targets = (target ?? []).map((each) => each.id).join(', ');
  return `${from.id} on ${event}${condition === undefined ? '' : ` if ${condition}`} → ${targets}`;
}

/** Collects which edges of the chart of a VM were taken. */
export class EdgeCoverage {
  readonly #taken = new Set<string>();

  /** Takes in an inspection event of a VM. */
  readonly record = (event: InspectionEvent): void => {
    if (event.type !== '@xstate.microstep') return;
    for (const each of event._transitions) this.#taken.add(edgeOf(each.source, each));
  };

  /** All edges that the chart has. */
  static readonly all: ReadonlySet<string> = edgesOf(vmMachine as unknown as AnyStateMachine);

  get taken(): ReadonlySet<string> {
    return this.#taken;
  }

  /** Edges that nothing has taken. */
  get missing(): readonly string[] {
    return [...EdgeCoverage.all].filter((edge) => !this.#taken.has(edge));
  }

  /** One line for the end of a run. */
  get summary(): string {
    const { size } = EdgeCoverage.all;
    return `vm chart: ${size - this.missing.length} of ${size} edges taken`;
  }
}

function edgesOf(machine: AnyStateMachine): Set<string> {
  const all = new Set<string>();
  const collect = ({ edges, children }: ReturnType<typeof toDirectedGraph>): void => {
    for (const edge of edges) all.add(edgeOf(edge.source, edge.transition));
    children.forEach(collect);
  };
  collect(toDirectedGraph(machine));
  return all;
}
