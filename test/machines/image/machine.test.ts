import { describe, expect, it } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { VzvmError } from '../../../src/errors.ts';
import { imageMachine } from '../../../src/machines/image/index.ts';
import { lintMachine } from '../../helpers/lint-machine.ts';
import { settle } from '../vm/world.ts';
import { ACTORS, type ActorName, HANG, World } from './world.ts';

const WORK = ACTORS.slice(0, -1);
const STATE: Readonly<Record<ActorName, string>> = {
  waitForTurn: 'waiting',
  findImage: 'looking',
  provision: 'provisioning',
  seal: 'sealing',
  powerOff: 'powering-off',
  keep: 'keeping',
  remove: 'removing',
};
const LONGER_THAN_ANY_DEADLINE_MS = 3_600_000;

describe('the chart of an image', () => {
  it('has no mistake that the compiler overlooks', () => {
    expect(lintMachine(imageMachine as unknown as AnyStateMachine)).toEqual([]);
  });

  it('makes an image in the order that nothing of it can be half done', async () => {
    const world = new World();
    await settle();
    expect(world.calls).toEqual(ACTORS);
    expect(world.told).toEqual(ACTORS.map((name) => STATE[name]));
    expect(world.output).toEqual({ made: true, failure: null, cancelled: false, problems: [] });
  });

  it('makes nothing when another builder was first', async () => {
    const world = new World({ findImage: true });
    await settle();
    expect(world.calls).toEqual(['waitForTurn', 'findImage', 'remove']);
    expect(world.output).toEqual({ made: false, failure: null, cancelled: false, problems: [] });
  });

  it.each(WORK)('removes the VM once, and says why, when %s fails', async (name) => {
    const error = new VzvmError('COMMAND_FAILED', 'no', { hint: 'do this', exitCode: 3, stderrTail: 'out' });
    const world = new World({ [name]: error });
    await settle();
    expect(world.calls.filter((call) => call === 'remove')).toHaveLength(1);
    expect(world.output).toMatchObject({
      made: false,
      cancelled: false,
      failure: { code: 'COMMAND_FAILED', message: 'no', hint: 'do this', exitCode: 3, stderrTail: 'out' },
    });
    expect(world.errors).toEqual([]);
  });

  it.each(WORK)('counts no failure when %s is cancelled', async (name) => {
    const world = new World({ [name]: new VzvmError('ABORTED', 'cancelled') });
    await settle();
    expect(world.output).toMatchObject({ made: false, cancelled: true, failure: null });
    expect(world.calls.at(-1)).toBe('remove');
  });

  it.each(WORK)('ends when it is cancelled while %s is at work', async (name) => {
    const world = new World({ [name]: HANG });
    await settle();
    await world.cancel();
    expect(world.output).toMatchObject({ made: false, cancelled: true, failure: null });
    expect(world.calls.filter((call) => call === 'remove')).toHaveLength(1);
  });

  it.each(WORK.filter((name) => name !== 'waitForTurn'))(
    'ends at the deadline when %s hangs',
    async (name) => {
      const world = new World({ [name]: HANG });
      await settle();
      world.clock.increment(LONGER_THAN_ANY_DEADLINE_MS);
      await settle();
      expect(world.output).toMatchObject({
        made: false,
        failure: { code: 'STEP_TIMEOUT', step: STATE[name] },
      });
    },
  );

  it('says what a removal left, and ends also when it hangs or fails', async () => {
    const left = new World({ remove: ['a disk'] });
    const failing = new World({ remove: new Error('no such VM') });
    const hanging = new World({ remove: HANG });
    await settle();
    hanging.clock.increment(LONGER_THAN_ANY_DEADLINE_MS);
    await settle();
    expect(left.output).toMatchObject({ made: true, problems: ['a disk'] });
    expect(failing.output.problems[0]).toContain('no such VM');
    expect(hanging.output.problems).toHaveLength(1);
  });

  it('does not begin the removal again when it is cancelled in it', async () => {
    const world = new World({ remove: HANG });
    await settle();
    await world.cancel();
    expect(world.calls.filter((call) => call === 'remove')).toHaveLength(1);
  });
});
