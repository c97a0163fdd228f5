import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isRunning } from '../helpers/processes.ts';
import { rejection } from '../helpers/rejection.ts';
import { silentMac } from '../helpers/silent-mac.ts';
import { until } from '../helpers/until.ts';

/** Anew for each test: what is known of the machine is kept. */
const load = async () => ({
  ...(await import('../../src/process/identity.ts')),
  ...(await import('../../src/process/marked.ts')),
});
type Loaded = Awaited<ReturnType<typeof load>>;

beforeEach(() => void vi.resetModules());
afterEach(() => void vi.useRealTimers());

const IDENTITY = { pid: process.pid, startTime: 'then', bootId: 'this boot' };
const LOOKS: readonly (readonly [
  string,
  'ps' | 'sysctl',
  (of: Loaded, signal: AbortSignal) => Promise<unknown>,
])[] = [
  ['an identity', 'ps', ({ identityOf }, signal) => identityOf(process.pid, signal)],
  ['an identity', 'sysctl', ({ identityOf }, signal) => identityOf(process.pid, signal)],
  ['a fate', 'sysctl', ({ fateOf }, signal) => fateOf({ ...IDENTITY, machine: 'any' }, signal)],
  ['marked processes', 'ps', ({ findMarked }, signal) => findMarked('A_MARK', 'x', signal)],
  ['the end of marked processes', 'ps', ({ endMarked }, signal) => endMarked('A_MARK', 'x', signal)],
];

describe('a Mac that says nothing', () => {
  it.each(LOOKS)('is not waited for by who cancels the look for %s: %s', async (_, program, look) => {
    // It is the one that is waited for.
    await using mac = await silentMac(program === 'ps' ? { sysctl: 'echo boot' } : { ps: 'echo then' });
    const cancelling = new AbortController();
    const loaded = await load();
    // No deadline comes to the help of who waits.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const error = rejection(look(loaded, cancelling.signal));
    await mac.asked(program);
    cancelling.abort();
    expect(await error).toMatchObject({ code: 'ABORTED' });
    // What others wait for, too, is left to its deadline.
    await vi.advanceTimersByTimeAsync(2_000);
    vi.useRealTimers();
    const pids = await mac.askedOf(program);
    await until('none of them runs', () => !pids.some(isRunning));
  });

  const ofProcesses = LOOKS.filter(([, program]) => program === 'ps');

  it.each(ofProcesses)(
    'is not asked by who has cancelled the look for %s already',
    async (_, program, look) => {
      await using mac = await silentMac();
      expect(await rejection(look(await load(), AbortSignal.abort()))).toMatchObject({ code: 'ABORTED' });
      expect(await mac.askedOf(program)).toEqual([]);
    },
  );

  it('is waited for no longer than its deadline, and then nothing is known, so nothing is gone', async () => {
    await using mac = await silentMac();
    const { fateOf, identityOf } = await load();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const identity = identityOf(process.pid);
    await vi.advanceTimersByTimeAsync(2_000);
    const { machine, namespace, ...rest } = await identity;
    expect(rest).toMatchObject({ startTime: undefined, bootId: undefined });
    const fate = fateOf({ ...IDENTITY, machine, namespace });
    // For the machine, then for the process.
    await vi.advanceTimersByTimeAsync(2_000);
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1), { interval: 1 });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await fate).toBe('runs');
    vi.useRealTimers();
    const pids = [await mac.askedOf('ps'), await mac.askedOf('sysctl')].flat();
    await until('none of them runs', () => !pids.some(isRunning));
  });

  it('says which of its programs did not answer, where the answer is needed', async () => {
    await using mac = await silentMac({ ps: 'exit 3' });
    const { findMarked } = await load();
    expect(await rejection(findMarked('A_MARK', 'x'))).toMatchObject({
      code: 'COMMAND_FAILED',
      facts: { program: 'ps' },
      exitCode: 3,
    });
    expect(await mac.askedOf('ps')).toHaveLength(1);
  });
});
