import { describe, expect, it } from 'vitest';
import { type AnyMachineSnapshot, type AnyStateMachine, type EventObject, getNextTransitions } from 'xstate';
import { adjacencyMapToArray, getAdjacencyMap, getShortestPaths } from 'xstate/graph';
import { VzvmError } from '../../../src/errors.ts';
import { activeOf } from '../../../src/inspector/convert.ts';
import { rehearse } from '../../../src/inspector/quiet/rehearse.ts';
import { STEPS, vmMachine, type VmSnapshot } from '../../../src/machines/vm/index.ts';

// Explores everything the chart can do, purely: actors are never started, their answers are fed in as events.

const WITH_PROCESS = new Set<string>([...STEPS.slice(2), 'healthy']);
const prepared = { harnessUploaded: true, nodeReady: true, packagesReady: true };
const bare = { harnessUploaded: false, nodeReady: false, packagesReady: false };
const ANSWERS: Readonly<Record<string, readonly unknown[]>> = {
  watchProcess: [{ code: 1, signal: null, stderrTail: '' }],
  watchHarness: [{ code: 1, stderrTail: '' }],
  pollAddress: ['10.0.0.9', null],
  connect: [bare, prepared, { ...bare, nodeReady: true }],
  probeHealth: [true, false],
  release: [[], ['left behind']],
};
const ERRORS = [
  new VzvmError('COMMAND_FAILED', 'fatal'),
  new VzvmError('COMMAND_TIMEOUT', 'again', { retry: 'safe' }),
  new VzvmError('ABORTED', 'cancelled'),
];

/** Every event that the chart takes in a state, with every answer that leads somewhere else. */
function eventsOf(snapshot: AnyMachineSnapshot): EventObject[] {
  const types = new Set(getNextTransitions(snapshot as never).map((transition) => transition.eventType));
  return [...types].flatMap((type): object[] => {
    if (type === 'DISPOSE') return [{ type, reason: 'explored' }];
    // Raised by the chart itself: fed in from outside they would explore impossible worlds.
    if (type === '' || type === 'VM.STARTED' || type.startsWith('xstate.done.state')) return [];
    if (type.startsWith('xstate.error')) return ERRORS.map((error) => ({ type, error }));
    const answers = ANSWERS[type.replace('xstate.done.actor.', '')];
    return answers ? answers.map((output) => ({ type, output })) : [{ type }];
  }) as EventObject[];
}

const identity = (snapshot: VmSnapshot): string => {
  const { step, attempt, guest, failure, disposeReason, problems } = snapshot.context;
  return JSON.stringify([
    snapshot.value,
    snapshot.status,
    step,
    attempt,
    guest,
    failure?.code,
    failure?.step,
    disposeReason,
    problems,
  ]);
};

const retries = Object.fromEntries(STEPS.map((step) => [step, 2]));
const walk = (keepOnFailure: boolean) => ({
  input: { vmId: 'v1', image: 'img', keepOnFailure, retries },
  events: eventsOf as never,
  serializeState: identity as never,
  filterEvents: (snapshot: AnyMachineSnapshot) => snapshot.status === 'active',
});
// The graph functions' types refuse machines with typed `emitted`.
const model = vmMachine as unknown as AnyStateMachine;

interface Edge {
  readonly state: VmSnapshot;
  readonly event: EventObject;
  readonly nextState: VmSnapshot;
}

describe.each([
  { keepOnFailure: false, mode: 'disposed on failure' },
  { keepOnFailure: true, mode: 'kept on failure' },
])('every state of a VM, $mode,', ({ keepOnFailure, mode }) => {
  const map = getAdjacencyMap(model, walk(keepOnFailure) as never);
  const states = Object.values(map).map((entry) => entry.state as unknown as VmSnapshot);
  const edges = adjacencyMapToArray(map) as unknown as Edge[];
  const active = states.filter((state) => state.status === 'active');

  /** The states, or edges, that break a rule; named, so that a failure says which. */
  const breaking = (rule: (state: VmSnapshot) => boolean, among = states) =>
    among.filter((state) => !rule(state)).map(identity);
  const breakingEdges = (rule: (edge: Edge) => boolean, among = edges) =>
    among.filter((edge) => !rule(edge)).map((edge) => `${identity(edge.state)} on ${edge.event.type}`);

  it('was explored', () => {
    process.stdout.write(`explored ${states.length} states, ${edges.length} edges (${mode})\n`);
    expect(states.length).toBeGreaterThan(60);
    expect(edges.length).toBeGreaterThan(500);
    expect(breaking((state) => state.status !== 'error')).toEqual([]);
    const seen = new Set<string>(states.map((state) => state.context.step));
    expect([...STEPS, 'healthy', 'disposing'].filter((step) => !seen.has(step))).toEqual([]);
    expect(seen.has('failed')).toBe(keepOnFailure);
  });

  it('that disposes leads to the end alone, so that it is entered once', () => {
    const disposing = edges.filter((edge) => edge.state.matches('disposing'));
    expect(disposing.length).toBeGreaterThan(0);
    const stays = (edge: Edge) => identity(edge.nextState) === identity(edge.state);
    expect(breakingEdges((edge) => edge.nextState.matches('disposed') || stays(edge), disposing)).toEqual([]);
  });

  it('that is alive takes DISPOSE, keeps its failure, and then disposes', () => {
    const disposals = edges.filter((edge) => edge.event.type === 'DISPOSE' && edge.state.matches('alive'));
    const alive = active.filter((state) => state.matches('alive'));
    expect(new Set(disposals.map((edge) => identity(edge.state)))).toEqual(new Set(alive.map(identity)));
    const keepsFailure = ({ state, nextState }: Edge) => nextState.context.failure === state.context.failure;
    expect(
      breakingEdges((edge) => edge.nextState.matches('disposing') && keepsFailure(edge), disposals),
    ).toEqual([]);
  });

  it('can come to an end', () => {
    const before = Map.groupBy(edges, (edge) => identity(edge.nextState));
    const queue = states.filter((state) => state.status === 'done').map(identity);
    const ending = new Set(queue);
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      for (const origin of (before.get(next) ?? []).map((edge) => identity(edge.state))) {
        if (!ending.has(origin)) queue.push(origin);
        ending.add(origin);
      }
    }
    expect(breaking((state) => ending.has(identity(state)))).toEqual([]);
  });

  it('has exactly one tag until it is done, and then none', () => {
    expect(breaking((state) => state.tags.size === (state.status === 'active' ? 1 : 0))).toEqual([]);
  });

  it('that failed has a failure, and the first one stays', () => {
    expect(breaking((state) => !state.hasTag('failed') || state.context.failure !== null)).toEqual([]);
    const failed = edges.filter((edge) => edge.state.context.failure !== null);
    expect(failed.length).toBeGreaterThan(0);
    const keeps = ({ state, nextState }: Edge) => nextState.context.failure === state.context.failure;
    expect(breakingEdges(keeps, failed)).toEqual([]);
  });

  it('that ended has a reason, and a failure only when it was not cancelled', () => {
    const ended = states.filter((state) => state.status === 'done').map((state) => state.context);
    expect(ended.filter((context) => context.disposeReason === null)).toEqual([]);
    expect(ended.filter((context) => context.disposeReason === 'failed' && !context.failure)).toEqual([]);
    expect(ended.filter((context) => context.disposeReason === 'aborted' && context.failure)).toEqual([]);
    expect(ended.filter((context) => context.failure?.code === 'ABORTED')).toEqual([]);
    const reasons = new Set(ended.map((context) => context.disposeReason));
    expect([...reasons].toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
      'aborted',
      'explored',
      ...(keepOnFailure ? [] : ['failed']),
    ]);
  });

  it('has a process watched exactly where one runs', () => {
    const runs = (state: VmSnapshot) => state.matches('alive') && WITH_PROCESS.has(state.context.step);
    expect(breaking((state) => 'watchProcess' in state.children === runs(state), active)).toEqual([]);
  });

  it('that works or releases has a deadline', () => {
    const bounded = active.filter(
      (state) =>
        state.hasTag('provisioning') ||
        state.hasTag('disposing') ||
        JSON.stringify(state.value).includes('out-of-sight'),
    );
    const hasDeadline = (state: VmSnapshot) =>
      getNextTransitions(state as never).some(({ eventType }) =>
        /^xstate\.after\.\w+Timeout\./.test(eventType),
      );
    expect(breaking(hasDeadline, bounded)).toEqual([]);
  });

  it('remembers plain JSON, and the step it is in', () => {
    for (const { context } of active) expect(JSON.parse(JSON.stringify(context))).toEqual(context);
    expect(breaking((state) => JSON.stringify(state.value).includes(state.context.step), active)).toEqual([]);
  });
});

describe('how a VM got from one state to the next', () => {
  it('is known by the states and the event, unless that has an error: what is kept while nobody looks is enough', () => {
    const ways = new Map<string, Set<string>>();
    for (const keepOnFailure of [true, false])
      for (const { state, event, nextState } of adjacencyMapToArray(
        getAdjacencyMap(model, walk(keepOnFailure) as never),
      ) as unknown as Edge[]) {
        const { steps } = rehearse(model, { before: state, event, after: nextState });
        const from = `${activeOf(state).join()} ${event.type} ${activeOf(nextState).join()}`;
        const taken = JSON.stringify(steps.map(({ edges }) => edges));
        ways.set(from, (ways.get(from) ?? new Set()).add(taken));
      }
    expect(ways.size).toBeGreaterThan(150);
    const several = [...ways].filter(([, taken]) => taken.size > 1).map(([from]) => from);
    expect(several.filter((from) => !from.includes(' xstate.error.'))).toEqual([]);
    expect(several.length).toBeGreaterThan(0);
  });
});

describe('the shortest way to a healthy VM', () => {
  it('is a prepared guest, one answer a step', () => {
    const [path] = getShortestPaths(model, {
      ...walk(false),
      toState: (state: AnyMachineSnapshot) => state.hasTag('ready'),
    } as never);
    const answers = path?.steps
      .map((step) => step.event.type)
      .filter((type) => type.startsWith('xstate.done.actor.'));
    expect(answers?.map((type) => type.replace('xstate.done.actor.', ''))).toEqual([
      'clone',
      'startVm',
      'pollAddress',
      'connect',
      'spawnHarness',
      'probeHealth',
    ]);
  });
});
