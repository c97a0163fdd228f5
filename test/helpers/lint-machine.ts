import type { AnyStateMachine, AnyStateNode } from 'xstate';

type Transition = AnyStateNode['always'] extends readonly (infer T)[] | undefined ? T : never;
type Node = AnyStateNode;

const STATE_KEYS = new Set(
  (
    'id initial context states on after always entry exit invoke type history target onDone output meta tags ' +
    'description options schemas'
  ).split(' '),
);
const INVOKE_KEYS = new Set('id src input systemId onDone onError onSnapshot'.split(' '));
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/**
 * What neither the compiler nor xstate says about a chart: names that mean nothing (xstate fires an unknown delay at
 * once), keys that are ignored, invokes whose errors end the machine, states that nothing leads to.
 */
export function lintMachine(machine: AnyStateMachine): string[] {
  const nodes = nodesOf(machine.root);
  return [
    ...nodes.flatMap((node) => [
      ...lintKeys(node),
      ...lintDescription(node),
      ...lintInitial(node),
      ...lintDelays(node, machine),
      ...lintInvokes(node, machine),
      ...lintActions(node, machine),
      ...lintTransitions(node, machine),
    ]),
    ...lintReachability(machine, nodes),
  ];
}

const nodesOf = (node: Node): Node[] => [
  node,
  ...Object.values(node.states).flatMap((child) => nodesOf(child)),
];

const nameOf = (thing: unknown): string | undefined => {
  if (typeof thing === 'string') return thing;
  if (typeof thing !== 'object' || thing === null || !('type' in thing)) return undefined;
  return String(thing.type);
};

const transitionsOf = (node: Node): Transition[] => [...node.transitions.values(), node.always ?? []].flat();

function lintKeys(node: Node): string[] {
  return Object.keys(node.config)
    .filter((key) => !STATE_KEYS.has(key))
    .map((key) => `${node.id}: unknown key "${key}"`);
}

function lintDescription(node: Node): string[] {
  return node.description ? [] : [`${node.id}: no description`];
}

function initialOf(node: Node): Node[] {
  return node.type === 'compound' ? [...(node.initial.target ?? [])] : [];
}

function lintInitial(node: Node): string[] {
  try {
    return node.type === 'compound' && initialOf(node).length === 0 ? [`${node.id}: no initial state`] : [];
  } catch {
    return [`${node.id}: no initial state ${JSON.stringify(node.config.initial)}`];
  }
}

function lintDelays(node: Node, machine: AnyStateMachine): string[] {
  return Object.keys(node.config.after ?? {}).flatMap((name) => {
    const isNumber = !Number.isNaN(Number(name));
    if (!isNumber && !(name in machine.implementations.delays))
      return [`${node.id}: unknown delay "${name}"`];
    const ms: unknown = isNumber ? Number(name) : machine.implementations.delays[name];
    if (typeof ms !== 'number' || (ms >= 0 && ms <= LONGEST_DELAY_MS)) return [];
    return [`${node.id}: delay "${name}" = ${ms} does not fit setTimeout`];
  });
}

function lintInvokes(node: Node, machine: AnyStateMachine): string[] {
  const configs: unknown[] = [node.config.invoke ?? []].flat();
  return configs.flatMap((config) => {
    const invoke = config as Record<string, unknown>;
    const src = typeof invoke['src'] === 'string' ? invoke['src'] : 'inline';
    return [
      ...Object.keys(invoke)
        .filter((key) => !INVOKE_KEYS.has(key))
        .map((key) => `${node.id}: invoke "${src}" has an unknown key "${key}"`),
      ...(src in machine.implementations.actors ? [] : [`${node.id}: unknown actor "${src}"`]),
      ...('onError' in invoke ? [] : [`${node.id}: invoke "${src}" has no onError`]),
      ...('id' in invoke ? [] : [`${node.id}: invoke "${src}" has no id`]),
    ];
  });
}

function unknownActions(actions: readonly unknown[], at: string, machine: AnyStateMachine): string[] {
  return actions
    .map(nameOf)
    .filter(
      (name) =>
        name !== undefined && !name.startsWith('xstate.') && !(name in machine.implementations.actions),
    )
    .map((name) => `${at}: unknown action "${name}"`);
}

function lintActions(node: Node, machine: AnyStateMachine): string[] {
  return unknownActions([...node.entry, ...node.exit], node.id, machine);
}

function lintTransitions(node: Node, machine: AnyStateMachine): string[] {
  return transitionsOf(node).flatMap((transition) => {
    const at = `${node.id} on ${transition.eventType === '' ? 'always' : transition.eventType}`;
    const guard = nameOf(transition.guard);
    return [
      ...unknownActions(transition.actions, at, machine),
      ...(guard === undefined || guard in machine.implementations.guards
        ? []
        : [`${at}: unknown guard "${guard}"`]),
      // A wildcard also takes the errors of children, which then are gone.
      ...(transition.eventType === '*' ? [`${at}: a wildcard swallows the errors of actors`] : []),
      ...(transition.target ?? [])
        .filter((target) => entersSiblingRegion(node, target))
        .map((target) => `${at}: enters the sibling region ${target.id}, which restarts both`),
    ];
  });
}

const pathOf = (node: Node): Node[] => (node.parent ? [...pathOf(node.parent), node] : [node]);

/** True when the way from a state to its target leaves one region of a parallel state for another of the same. */
function entersSiblingRegion(from: Node, to: Node): boolean {
  const [source, target] = [pathOf(from), pathOf(to)];
  return source.some(
    (node, depth) =>
      node.type === 'parallel' &&
      node === target[depth] &&
      source[depth + 1] !== undefined &&
      target[depth + 1] !== undefined &&
      source[depth + 1] !== target[depth + 1],
  );
}

/** What is active once a state is entered: itself, its ancestors, and the way down to the leaves. */
function entered(node: Node): Node[] {
  const down = node.type === 'parallel' ? Object.values(node.states) : safeInitialOf(node);
  return [...pathOf(node), ...down.flatMap((child) => entered(child))];
}

function safeInitialOf(node: Node): Node[] {
  try {
    return initialOf(node);
  } catch {
    return []; // lintInitial has told it already.
  }
}

function lintReachability(machine: AnyStateMachine, nodes: readonly Node[]): string[] {
  const seen = new Set(entered(machine.root));
  const queue = [...seen];
  for (let node = queue.pop(); node; node = queue.pop()) {
    const targets = transitionsOf(node).flatMap((transition) => [...(transition.target ?? [])]);
    for (const next of targets.flatMap((target) => regionsOf(target)).filter((found) => !seen.has(found))) {
      seen.add(next);
      queue.push(next);
    }
  }
  return nodes.filter((node) => !seen.has(node)).map((node) => `${node.id}: nothing leads here`);
}

/** A target in one region starts its parallel ancestors' other regions as well. */
function regionsOf(target: Node): Node[] {
  const regions = pathOf(target).filter((node) => node.type === 'parallel');
  return [...entered(target), ...regions.flatMap((node) => entered(node))];
}
