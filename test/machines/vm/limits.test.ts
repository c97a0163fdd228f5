import { describe, expect, it } from 'vitest';
import { createActor, SimulatedClock } from 'xstate';
import {
  DEFAULT_RETRIES,
  DEFAULT_TIMEOUTS_MS,
  vmMachine,
  type VmInput,
} from '../../../src/machines/vm/index.ts';
import { delay, withDefaults } from '../../../src/machines/vm/limits.ts';

const LONGEST = 2 ** 31 - 1;

describe('a delay', () => {
  it.each([
    { ms: Infinity, becomes: LONGEST },
    { ms: 2 ** 31, becomes: LONGEST },
    { ms: 0, becomes: 1 },
    { ms: -5, becomes: 1 },
    { ms: 12.9, becomes: 12 },
  ])('of $ms ms becomes $becomes', ({ ms, becomes }) => {
    expect(delay(ms)).toBe(becomes);
  });

  it('that was not given is the default, where undefined or NaN would fire at once', () => {
    const given = { cloning: undefined, booting: Number.NaN, spawn: 5 } as unknown as Partial<
      typeof DEFAULT_TIMEOUTS_MS
    >;
    expect(withDefaults(DEFAULT_TIMEOUTS_MS, given)).toEqual({ ...DEFAULT_TIMEOUTS_MS, spawn: 5 });
  });
});

describe('the defaults', () => {
  const context = (input: Partial<VmInput> = {}) =>
    createActor(vmMachine, {
      clock: new SimulatedClock(),
      input: { vmId: 'v', image: 'i', ...input },
    }).getSnapshot().context;

  it('hold where the input says nothing', () => {
    expect(context()).toMatchObject({
      timeoutsMs: DEFAULT_TIMEOUTS_MS,
      retries: DEFAULT_RETRIES,
      keepOnFailure: false,
    });
  });

  it('give way to the input, key by key', () => {
    const { timeoutsMs, retries } = context({ timeoutsMs: { upload: 7 }, retries: { upload: 9 } });
    expect(timeoutsMs).toEqual({ ...DEFAULT_TIMEOUTS_MS, upload: 7 });
    expect(retries).toEqual({ ...DEFAULT_RETRIES, upload: 9 });
  });
});

describe('a machine without its actors', () => {
  it('fails at the first step and names the actor', async () => {
    const actor = createActor(vmMachine, { clock: new SimulatedClock(), input: { vmId: 'v', image: 'i' } });
    const done = new Promise(
      (resolve) => void actor.subscribe({ complete: () => resolve(actor.getSnapshot().output) }),
    );
    actor.start();
    expect(await done).toMatchObject({
      failure: { step: 'cloning', code: 'INTERNAL', message: 'the actor clone was not provided' },
      problems: ['the actor release was not provided'],
    });
  });
});
