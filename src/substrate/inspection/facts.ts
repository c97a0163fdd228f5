import type { AnyStateNode } from 'xstate';
import type { VmSession } from '../../actors/index.ts';
import type { StateFacts, VmFacts } from '../../inspector/index.ts';
import { DEFAULT_TIMEOUTS_MS, type StepTimeouts, type VmInput, vmMachine } from '../../machines/vm/index.ts';

/** What the inspector is told of a VM at its beginning. */
export function factsOf(session: VmSession, { timeoutsMs }: VmInput): VmFacts {
  const { name, driver, image, plan } = session;
  const { accelerator } = driver;
  return {
    vm: name,
    machine: vmMachine.id,
    driver: driver.name,
    ...(accelerator === undefined ? {} : { accelerator }),
    image: image.ref,
    ...plan.resources,
    states: statesWithin(timeoutsMs ?? {}),
  };
}

const nodes = new Map<string, AnyStateNode>();
const collect = (node: AnyStateNode): void => {
  nodes.set(node.id, node);
  for (const child of Object.values(node.states)) collect(child);
};
collect(vmMachine.root);

/** The state that has the deadline, where it is not the one of the same name. */
const HOLDERS: Partial<Record<string, keyof StepTimeouts>> = { 'out-of-sight': 'healthy' };
const defaults = statesOf(DEFAULT_TIMEOUTS_MS);

/** Shared by all VMs that override nothing. */
function statesWithin(given: Partial<StepTimeouts>): Readonly<Record<string, StateFacts>> {
  return Object.keys(given).length === 0 ? defaults : statesOf({ ...DEFAULT_TIMEOUTS_MS, ...given });
}

function statesOf(timeoutsMs: StepTimeouts): Readonly<Record<string, StateFacts>> {
  const facts = [...nodes].map(([id, { key, meta }]): readonly [string, StateFacts] => {
    const { title, slowAfterMs } = (meta ?? {}) as StateFacts;
    const step = (HOLDERS[key] ?? (key === 'healthy' ? '' : key)) as keyof StepTimeouts;
    return [
      id,
      {
        ...(title === undefined ? {} : { title }),
        ...(slowAfterMs === undefined ? {} : { slowAfterMs }),
        ...(timeoutsMs[step] === undefined ? {} : { deadlineMs: timeoutsMs[step] }),
      },
    ];
  });
  return Object.fromEntries(facts.filter(([, state]) => Object.keys(state).length > 0));
}
