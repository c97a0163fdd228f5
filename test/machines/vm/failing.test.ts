import { describe, expect, it } from 'vitest';
import { VzvmError } from '../../../src/errors.ts';
import { DEFAULT_TIMEOUTS_MS } from '../../../src/machines/vm/limits.ts';
import { STEPS, vmMachine } from '../../../src/machines/vm/index.ts';
import { type ActorName, HANG, type Plan, settle, WORKER, World } from './world.ts';

/** A node of the chart, as far as it is walked here. */
interface Node {
  readonly id: string;
  readonly states: Readonly<Record<string, Node>>;
  readonly transitions: ReadonlyMap<
    string,
    readonly { readonly target?: readonly { readonly id: string }[] }[]
  >;
}

/** Every way of the chart into `failed`: the state, and what happens in it. */
function waysToFail(node: Node): string[] {
  const own = [...node.transitions].flatMap(([event, all]) =>
    all.some(({ target = [] }) => target.some(({ id }) => id === 'failed')) ? [wayOf(node.id, event)] : [],
  );
  return [...own, ...Object.values(node.states).flatMap(waysToFail)];
}

const wayOf = (id: string, event: string): string =>
  `${id.replace(/^vm\.alive\.(running\.(provision\.)?)?/, '')}: ${event.replace(/^xstate\./, '').replace(/\.vm\..*$/, '')}`;

const lost = new VzvmError('SSH_CLOSED', 'lost', { retry: 'safe' });
const OUT_OF_SIGHT: Plan = { watchHarness: [lost, HANG] };

/** How a way is taken. */
interface Taken {
  readonly plan: Plan;
  readonly keepsImage?: boolean;
  /** How much time passes. */
  readonly passMs?: number;
  readonly code: string;
}

/** An actor that fails for good: the code is its own error's. */
const byActor = (actor: ActorName, before: Plan = {}): Taken => ({
  plan: { ...before, [actor]: [new VzvmError('DISK_FULL', 'no room', { hint: 'df -h' })] },
  keepsImage: actor === 'keepImage',
  passMs: actor === 'reachGuest' ? 1_000 : 0,
  code: 'DISK_FULL',
});

const TAKEN: Readonly<Record<string, Taken>> = {
  ...Object.fromEntries(
    STEPS.flatMap((step): [string, Taken][] => {
      const timer = `after.${step.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())}Timeout`;
      const late = {
        plan: { [WORKER[step]]: [HANG] },
        passMs: DEFAULT_TIMEOUTS_MS[step],
        code: 'STEP_TIMEOUT',
      };
      return [
        [`${step}: ${timer}`, late],
        [`${step}.trying: error.actor.${WORKER[step]}`, byActor(WORKER[step])],
      ];
    }),
  ),
  'process.watching: done.actor.watchProcess': {
    plan: { watchProcess: [{ code: 1, signal: null, stderrTail: '' }], pollAddress: [HANG] },
    code: 'GUEST_EXITED',
  },
  'process.watching: error.actor.watchProcess': byActor('watchProcess', { pollAddress: [HANG] }),
  'npm-install.keeping: error.actor.keepImage': byActor('keepImage'),
  'spawn.probing: error.actor.probeHealth': byActor('probeHealth'),
  'healthy.watching: done.actor.watchHarness': {
    plan: { watchHarness: [{ code: 1, stderrTail: '' }] },
    code: 'HARNESS_CRASHED',
  },
  'healthy.watching: error.actor.watchHarness': byActor('watchHarness'),
  'healthy.out-of-sight: after.outOfSightTimeout': {
    plan: { ...OUT_OF_SIGHT, reachGuest: [HANG] },
    passMs: 2 * DEFAULT_TIMEOUTS_MS.healthy,
    code: 'SSH_CLOSED',
  },
  'healthy.out-of-sight.reaching: error.actor.reachGuest': byActor('reachGuest', OUT_OF_SIGHT),
};

describe('every state of the chart that can fail', () => {
  it('is known with each of its ways', () => {
    expect(waysToFail(vmMachine.root as unknown as Node).toSorted()).toEqual(Object.keys(TAKEN).toSorted());
  });

  it.each(Object.entries(TAKEN))('%s: ends with a code, its hint and the step', async (way, taken) => {
    const { plan, keepsImage = false, passMs = 0, code } = taken;
    const world = new World(plan, { keepsImage });
    await settle();
    if (passMs > 0) await world.pass(passMs);
    const { failure, problems } = world.output;
    expect(failure).toMatchObject({ code, hint: expect.stringMatching(/./) });
    const where = way.split(/[.:]/)[0];
    expect(failure?.step).toBe(where === 'process' ? 'ip-polling' : where);
    expect(problems).toEqual([]);
  });

  it.each(STEPS)('%s: that has a bug says so', async (step) => {
    const world = new World({ [WORKER[step]]: [new TypeError('x is not a function')] });
    await settle();
    expect(world.output.failure).toMatchObject({
      step,
      code: 'INTERNAL',
      hint: expect.stringContaining('report it'),
    });
  });
});
