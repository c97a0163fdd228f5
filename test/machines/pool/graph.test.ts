import { describe, expect, it } from 'vitest';
import { type AnyMachineSnapshot, type AnyStateMachine, transition } from 'xstate';
import { adjacencyMapToArray, getAdjacencyMap } from 'xstate/graph';
import {
  type PoolEmitted,
  type PoolEvent,
  type PoolInput,
  poolMachine,
  type PoolSnapshot,
} from '../../../src/machines/pool/index.ts';
import { LIMITS } from './world.ts';

// Explores everything a small pool can do, purely: nothing is started, the owner's answers are fed in as events.

const MOST_WAITING = 2;
const MAX_CONCURRENT = 3;
const PAUSE_IS_OVER = { type: 'xstate.after.pause.pool.open.cooling' };

type Context = PoolSnapshot['context'];
const ids = ({ booting, parked, given, leaving }: Context): string[] => [
  ...booting,
  ...parked,
  ...given.map((each) => each.vmId),
  ...leaving,
];

/** A claim that nobody has made yet. */
function newClaim({ queue, given }: Context): string {
  const known = new Set([...queue, ...given.map((each) => each.claimId)]);
  const names = Array.from({ length: known.size + 1 }, (_, index) => `c${index}`);
  return names.find((name) => !known.has(name)) ?? 'c';
}

/** Every event that changes something in a state. */
function eventsOf(snapshot: PoolSnapshot): object[] {
  const { context } = snapshot;
  const { booting, parked, leaving, queue, overdue } = context;
  const oldest = parked[0];
  return [
    ...(queue.length < MOST_WAITING ? [{ type: 'CLAIM', claimId: newClaim(context) }] : []),
    ...queue.map((claimId) => ({ type: 'CANCEL', claimId })),
    ...[...booting, ...leaving].map((vmId) => ({ type: 'VM.PARKED', vmId })),
    ...booting.map((vmId) => ({ type: 'VM.FAILED', vmId, error: 'no' })),
    ...ids(context).map((vmId) => ({ type: 'VM.ENDED', vmId })),
    ...(oldest !== undefined && overdue === null ? [{ type: 'VM.IDLED', vmId: oldest }] : []),
    ...(snapshot.matches({ open: 'cooling' }) ? [PAUSE_IS_OVER] : []),
    { type: 'DRAIN' },
  ];
}

/** What tells two states apart: not the names of VMs and claims. */
const identity = ({ value, status, context }: PoolSnapshot): string => {
  const { booting, parked, given, leaving, overdue, queue, failures } = context;
  const counts = [booting, parked, given, leaving, queue].map((list) => list.length);
  return JSON.stringify([value, status, ...counts, overdue !== null, Math.min(failures, 2)]);
};

interface Edge {
  readonly state: PoolSnapshot;
  readonly event: PoolEvent;
  readonly nextState: PoolSnapshot;
}

function toldOn({ state, event }: Edge): PoolEmitted[] {
  const [, actions] = transition(poolMachine, state, event);
  // xstate's types do not know that its own actions are among them.
  return (actions as readonly { type: string; params: unknown }[])
    .filter((action) => action.type === 'xstate.emit')
    .map((action) => (action.params as { event: PoolEmitted }).event);
}

const pools: readonly (PoolInput & { readonly memory: string })[] = [
  { ...LIMITS, maxConcurrent: MAX_CONCURRENT, maxIdleMs: 1000, memory: 'memory for one more than it parks' },
  {
    ...LIMITS,
    maxConcurrent: MAX_CONCURRENT,
    maxIdleMs: 1000,
    memoryBudgetMiB: 2048,
    memory: 'no memory to spare',
  },
];

describe.each(pools)('every state of a pool with $memory,', ({ memory, ...input }) => {
  const map = getAdjacencyMap(
    poolMachine as unknown as AnyStateMachine,
    {
      input,
      events: eventsOf,
      serializeState: identity,
      filterEvents: (snapshot: AnyMachineSnapshot) => snapshot.status === 'active',
    } as never,
  );
  const states = Object.values(map).map((entry) => entry.state as unknown as PoolSnapshot);
  const edges = adjacencyMapToArray(map) as unknown as Edge[];
  const told = new Map(edges.map((edge) => [edge, toldOn(edge)]));

  const breaking = (rule: (state: PoolSnapshot) => boolean, among = states) =>
    among.filter((state) => !rule(state)).map(identity);
  const breakingEdges = (rule: (edge: Edge, told: PoolEmitted[]) => boolean) =>
    edges
      .filter((edge) => !rule(edge, told.get(edge) ?? []))
      .map((edge) => `${identity(edge.state)} on ${edge.event.type}: ${JSON.stringify(told.get(edge))}`);

  it('was explored', () => {
    process.stdout.write(
      `explored ${states.length} states, ${edges.length} edges of a pool with ${memory}\n`,
    );
    expect(states.length).toBeGreaterThan(100);
    expect(edges.length).toBeGreaterThan(700);
    for (const name of ['filling', 'full', 'cooling', 'probing'] as const) {
      expect(states.some((state) => state.matches({ open: name }))).toBe(true);
    }
    expect(breaking((state) => state.status !== 'error')).toEqual([]);
  });

  it('has at most as many VMs as may run, and no more unclaimed ones than fit', () => {
    expect(breaking(({ context }) => ids(context).length <= MAX_CONCURRENT)).toEqual([]);
    const unclaimed = ({ booting, parked, leaving }: Context) =>
      booting.length + parked.length + leaving.length;
    expect(breaking(({ context }) => unclaimed(context) <= context.limits.capacity)).toEqual([]);
    expect(breaking(({ context }) => context.parked.length <= context.limits.target)).toEqual([]);
  });

  it('knows each VM once', () => {
    expect(breaking(({ context }) => new Set(ids(context)).size === ids(context).length)).toEqual([]);
    const isOnlyOne = ({ overdue, parked }: Context) =>
      overdue === null || (parked.length === 1 && parked[0] === overdue);
    expect(breaking(({ context }) => isOnlyOne(context))).toEqual([]);
  });

  it('lets claims wait only when there is neither a VM nor a place', () => {
    const mustWait = (context: Context) =>
      context.parked.length === 0 && ids(context).length === MAX_CONCURRENT;
    expect(breaking(({ context }) => context.queue.length === 0 || mustWait(context))).toEqual([]);
  });

  it('answers each claim exactly once, and lets it wait until then', () => {
    const right = ({ state, event, nextState }: Edge, news: PoolEmitted[]) => {
      const answered = news.flatMap((each) =>
        each.type === 'claimed' || each.type === 'cold' || each.type === 'rejected' ? [each.claimId] : [],
      );
      const asked = event.type === 'CLAIM' ? [event.claimId] : [];
      const waiting = [...state.context.queue, ...asked];
      const expected = [...answered, ...nextState.context.queue].toSorted((a, b) => a.localeCompare(b));
      return JSON.stringify(waiting.toSorted((a, b) => a.localeCompare(b))) === JSON.stringify(expected);
    };
    expect(breakingEdges(right)).toEqual([]);
  });

  it('tells those who wait their place, and nobody else', () => {
    const right = ({ state, nextState }: Edge, news: PoolEmitted[]) => {
      const positions = news.flatMap((each) =>
        each.type === 'queued' ? [[each.claimId, each.position]] : [],
      );
      const before = state.context.queue;
      const changed = nextState.context.queue
        .map((claimId, index) => [claimId, index + 1] as const)
        .filter(([claimId, position]) => before[position - 1] !== claimId);
      return JSON.stringify(positions) === JSON.stringify(changed);
    };
    expect(breakingEdges(right)).toEqual([]);
  });

  it('hands out a VM once: parked, or just booted, and alive', () => {
    const right = ({ state: { context }, event, nextState }: Edge, news: PoolEmitted[]) =>
      news.every((each) => {
        if (each.type !== 'claimed') return true;
        const justBooted = event.type === 'VM.PARKED' && event.vmId === each.vmId;
        const isThere =
          context.parked[0] === each.vmId || (justBooted && context.booting.includes(each.vmId));
        return isThere && nextState.context.given.some(({ vmId }) => vmId === each.vmId);
      });
    expect(breakingEdges(right)).toEqual([]);
  });

  it('asks for a VM under a name that no VM has had', () => {
    const number = (vmId: string) => Number(vmId.replace('vm-', ''));
    const right = ({ state }: Edge, news: PoolEmitted[]) =>
      news.every((each) => {
        if (each.type !== 'boot' && each.type !== 'cold') return true;
        return number(each.vmId) > state.context.made;
      });
    expect(breakingEdges(right)).toEqual([]);
  });

  it('boots nothing for the pool while it cools down or drains, and one at a time while it probes', () => {
    const most = ({ nextState }: Edge) => {
      if (nextState.matches({ open: 'probing' })) return nextState.context.booting.length === 1 ? 1 : 0;
      return nextState.matches({ open: 'filling' }) ? Infinity : 0;
    };
    const boots = (news: PoolEmitted[]) => news.filter((each) => each.type === 'boot').length;
    expect(breakingEdges((edge, news) => boots(news) <= most(edge))).toEqual([]);
  });

  it('is never lazy: where a boot is wanted and possible, one is under way', () => {
    const isLazy = ({ context }: PoolSnapshot) =>
      context.booting.length === 0 &&
      context.parked.length < context.limits.target &&
      context.parked.length + context.leaving.length < context.limits.capacity &&
      ids(context).length < MAX_CONCURRENT;
    const working = states.filter((state) => state.hasTag('filling') || state.matches({ open: 'probing' }));
    expect(breaking((state) => !isLazy(state), working)).toEqual([]);
  });

  it('releases or aborts each VM that nobody claimed when it drains, and begins nothing', () => {
    const drains = edges.filter((edge) => edge.event.type === 'DRAIN' && edge.state.matches('open'));
    expect(drains.length).toBeGreaterThan(0);
    const gone = (edge: Edge) =>
      (told.get(edge) ?? []).flatMap((each) =>
        each.type === 'release' || each.type === 'abort' ? [each.vmId] : [],
      );
    const all = ({ state: { context } }: Edge) => [...context.booting, ...context.parked];
    expect(
      drains.filter((edge) => gone(edge).join() !== all(edge).join()).map((edge) => identity(edge.state)),
    ).toEqual([]);
    const idle = ({ booting, parked, queue }: Context) => booting.length + parked.length + queue.length === 0;
    const draining = states.filter((state) => state.hasTag('draining'));
    expect(breaking(({ context }) => idle(context), draining)).toEqual([]);
  });

  it('is drained when every VM has ended, and not before', () => {
    const right = ({ nextState }: Edge, news: PoolEmitted[]) => {
      const isDone = nextState.status === 'done';
      return (
        news.some((each) => each.type === 'drained') === isDone &&
        (!isDone || ids(nextState.context).length === 0)
      );
    };
    expect(breakingEdges(right)).toEqual([]);
    expect(breaking((state) => !state.hasTag('draining') || ids(state.context).length > 0)).toEqual([]);
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

  it('serves everybody who waits once the VMs end', () => {
    const serves = (state: PoolSnapshot) => {
      let now: PoolSnapshot = state;
      for (const vmId of ids(state.context)) [now] = transition(poolMachine, now, { type: 'VM.ENDED', vmId });
      return now.context.queue.length === 0;
    };
    expect(breaking((state) => state.status === 'done' || serves(state))).toEqual([]);
  });

  it('has exactly one tag until it is done, and then none', () => {
    expect(breaking((state) => state.tags.size === (state.status === 'active' ? 1 : 0))).toEqual([]);
  });

  it('remembers plain JSON', () => {
    for (const { context } of states) expect(JSON.parse(JSON.stringify(context))).toEqual(context);
  });
});
