import { describe, expect, it } from 'vitest';
import { type AnyMachineSnapshot, type AnyStateMachine, type EventObject, getNextTransitions } from 'xstate';
import { adjacencyMapToArray, getAdjacencyMap, getShortestPaths } from 'xstate/graph';
import { VzvmError } from '../../../src/errors.ts';
import { STEPS, vmMachine, type VmContext, type VmSnapshot } from '../../../src/machines/vm/index.ts';

// Explores everything the chart can do, purely: actors are never started, their answers are fed in as events.

const STARTED = new Set<string>(STEPS.slice(2));
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

describe.each([{ keepOnFailure: false }, { keepOnFailure: true }])(
  'every state of a VM, $keepOnFailure',
  ({ keepOnFailure }) => {
    const map = getAdjacencyMap(model, walk(keepOnFailure) as never);
    const states = Object.values(map).map((entry) => entry.state as unknown as VmSnapshot);
    const edges = adjacencyMapToArray(map) as unknown as Edge[];
    const active = states.filter((state) => state.status === 'active');

    it('was explored', () => {
      console.log(
        `explored ${states.length} states, ${edges.length} edges (keepOnFailure: ${keepOnFailure})`,
      ); // eslint-disable-line no-console
      expect(states.length).toBeGreaterThan(60);
      expect(edges.length).toBeGreaterThan(500);
      expect(states.filter((state) => state.status === 'error')).toEqual([]);
      const seen = new Set(states.map((state) => state.context.step));
      expect(
        [...STEPS, 'healthy', 'disposing'].filter((step) => !seen.has(step as VmContext['step'])),
      ).toEqual([]);
      expect(seen.has('failed')).toBe(keepOnFailure);
    });

    it('that disposes leads to the end alone, and is entered once', () => {
      for (const { state, event, nextState } of edges.filter((edge) => edge.state.matches('disposing'))) {
        expect(nextState.matches('disposed') || identity(nextState) === identity(state), event.type).toBe(
          true,
        );
      }
    });

    it('that is alive takes DISPOSE, keeps its failure, and then disposes', () => {
      for (const state of active.filter((each) => each.matches('alive'))) {
        const edge = edges.find(
          (each) => identity(each.state) === identity(state) && each.event.type === 'DISPOSE',
        );
        expect(edge?.nextState.matches('disposing'), identity(state)).toBe(true);
        expect(edge?.nextState.context.failure).toEqual(state.context.failure);
      }
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
      expect(states.map(identity).filter((state) => !ending.has(state))).toEqual([]);
    });

    it('has exactly one tag until it is done, and then none', () => {
      for (const state of states)
        expect(state.tags.size, identity(state)).toBe(state.status === 'active' ? 1 : 0);
    });

    it('that failed has a failure, and the first one stays', () => {
      for (const state of states.filter((each) => each.hasTag('failed')))
        expect(state.context.failure).not.toBeNull();
      for (const { state, nextState } of edges) {
        if (state.context.failure) expect(nextState.context.failure).toBe(state.context.failure);
      }
    });

    it('that ends without a failure was cancelled, and one with a failure was not', () => {
      for (const { context } of states.filter((state) => state.status === 'done')) {
        if (context.disposeReason === 'failed') expect(context.failure).not.toBeNull();
        if (context.disposeReason === 'aborted') expect(context.failure).toBeNull();
        expect(context.disposeReason).not.toBeNull();
        expect(context.failure?.code).not.toBe('ABORTED');
      }
    });

    it('has a process watched exactly where one runs', () => {
      for (const state of active) {
        const runs =
          state.matches('alive') && (STARTED.has(state.context.step) || state.context.step === 'healthy');
        expect('watchProcess' in state.children, identity(state)).toBe(runs);
      }
    });

    it('that works or releases has a deadline', () => {
      for (const state of active.filter((each) => each.hasTag('provisioning') || each.hasTag('disposing'))) {
        const timers = getNextTransitions(state as never).map((transition) => transition.eventType);
        expect(
          timers.some((type) => /^xstate\.after\.\w+Timeout\./.test(type)),
          identity(state),
        ).toBe(true);
      }
    });

    it('remembers plain JSON, and the step it is in', () => {
      for (const state of active) {
        expect(JSON.parse(JSON.stringify(state.context))).toEqual(state.context);
        expect(JSON.stringify(state.value)).toContain(state.context.step);
      }
    });
  },
);

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
