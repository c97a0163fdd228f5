import { describe, expect, it } from 'vitest';
import { type AnyStateMachine, createMachine, setup } from 'xstate';
import { DEFAULT_TIMEOUTS_MS, STEPS, vmMachine } from '../../../src/machines/vm/index.ts';
import { lintMachine } from '../../helpers/lint-machine.ts';

/** A chart that the compiler would refuse or overlook, made past it. */
const vocabulary = setup({
  actions: { known: () => {} },
  guards: { known: () => true },
  delays: { known: 1, endless: Infinity },
});
const chart = (config: unknown) => vocabulary.createMachine(config as never) as unknown as AnyStateMachine;
const described = { description: 'Because.' };
const states = (a: object, b: object = {}) => ({
  ...described,
  initial: 'a',
  states: { a: { ...described, ...a }, b: { ...described, ...b } },
});

describe('the chart of a VM', () => {
  it('has no mistake that the compiler overlooks', () => {
    expect(lintMachine(vmMachine)).toEqual([]);
  });

  it('has the state keys of the design, in order', () => {
    const { alive, ...rest } = vmMachine.root.states;
    const { cloning, running, failed } = (alive as AnyStateMachine['root']).states;
    expect(Object.keys(rest)).toEqual(['disposing', 'disposed']);
    const provision = (running as AnyStateMachine['root']).states['provision'];
    expect([cloning?.key, ...Object.keys(provision?.states ?? {})]).toEqual([
      ...STEPS.slice(0, -1),
      'prepared',
      'spawn',
      'healthy',
    ]);
    expect(failed?.key).toBe('failed');
  });

  it.each(STEPS)('gives %s a title and a time after which it is slow, below its deadline', (step) => {
    const nodes = vmMachine.root.states['alive']?.states ?? {};
    const node = nodes[step] ?? nodes['running']?.states['provision']?.states[step];
    const meta = node?.meta as { title?: string; slowAfterMs?: number } | undefined;
    expect(meta?.title).toBeTruthy();
    expect(meta?.slowAfterMs).toBeLessThan(DEFAULT_TIMEOUTS_MS[step]);
  });

  it('bounds its own loops', () => {
    expect(vmMachine.config.options?.maxIterations).toBe(100);
  });
});

describe('the linter finds', () => {
  const reachB = { on: { GO: 'b' } };
  const cases: readonly { readonly mistake: string; readonly config: unknown; readonly finding: string }[] = [
    { mistake: 'a stray key', config: { ...described, sates: {} }, finding: 'unknown key "sates"' },
    { mistake: 'a state without a reason', config: {}, finding: 'no description' },
    {
      mistake: 'an initial state that is not there',
      config: { ...states(reachB), initial: 'zzz' },
      finding: 'no initial state "zzz"',
    },
    {
      mistake: 'an unknown delay',
      config: states({ after: { typo: 'b' } }),
      finding: 'unknown delay "typo"',
    },
    {
      mistake: 'a delay without end',
      config: states({ after: { endless: 'b' } }),
      finding: 'delay "endless" = Infinity',
    },
    {
      mistake: 'a delay of 2^31 ms',
      config: states({ after: { [2 ** 31]: 'b' } }),
      finding: 'does not fit setTimeout',
    },
    {
      mistake: 'an unknown actor',
      config: states({ ...reachB, invoke: { id: 'x', src: 'no', onError: 'b' } }),
      finding: 'unknown actor "no"',
    },
    {
      mistake: 'an invoke without onError',
      config: states({ ...reachB, invoke: { id: 'x', src: 'no' } }),
      finding: 'invoke "no" has no onError',
    },
    {
      mistake: 'an invoke without an id',
      config: states({ ...reachB, invoke: { src: 'no', onError: 'b' } }),
      finding: 'invoke "no" has no id',
    },
    {
      mistake: 'a stray key of an invoke',
      config: states({ ...reachB, invoke: { id: 'x', src: 'no', onFail: 'b' } }),
      finding: 'has an unknown key "onFail"',
    },
    {
      mistake: 'an unknown entry action',
      config: states({ ...reachB, entry: 'nope' }),
      finding: 'unknown action "nope"',
    },
    {
      mistake: 'an unknown exit action',
      config: states({ ...reachB, exit: [{ type: 'nope' }] }),
      finding: 'unknown action "nope"',
    },
    {
      mistake: 'an unknown action of a transition',
      config: states({ on: { GO: { target: 'b', actions: 'nope' } } }),
      finding: 'on GO: unknown action "nope"',
    },
    {
      mistake: 'an unknown guard',
      config: states({ on: { GO: { target: 'b', guard: 'nope' } } }),
      finding: 'on GO: unknown guard "nope"',
    },
    {
      mistake: 'an unknown guard of always',
      config: states({ always: { target: 'b', guard: { type: 'nope' } } }),
      finding: 'on always: unknown guard "nope"',
    },
    { mistake: 'a wildcard', config: states({ on: { '*': 'b' } }), finding: 'a wildcard swallows' },
    { mistake: 'a state that nothing leads to', config: states({}), finding: '.b: nothing leads here' },
    {
      mistake: 'a transition into a sibling region',
      config: {
        ...described,
        type: 'parallel',
        states: { p: { ...described, on: { GO: '#y' } }, q: states(reachB, { id: 'y' }) },
      },
      finding: 'enters the sibling region y',
    },
  ];

  it.each(cases)('$mistake', ({ config, finding }) => {
    expect(lintMachine(chart(config))).toContainEqual(expect.stringContaining(finding));
  });

  it('nothing in a chart without a mistake', () => {
    const good = states(
      {
        entry: 'known',
        after: { known: 'b' },
        on: { GO: { target: 'b', guard: 'known', actions: { type: 'known' } } },
      },
      { type: 'final' },
    );
    expect(lintMachine(chart(good))).toEqual([]);
    expect(lintMachine(createMachine({ description: 'Because.' }))).toEqual([]);
  });
});
