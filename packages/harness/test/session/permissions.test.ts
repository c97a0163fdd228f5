import { describe, expect, it, vi } from 'vitest';
import { Permissions } from '../../src/session/permissions.ts';

const request = { callId: 'c', toolName: 't', input: { a: 1 }, risk: 'low' } as const;
const HOUR = 3_600_000;

/** Permissions in a time of their own. */
function timed() {
  vi.useFakeTimers();
  const unanswered: string[] = [];
  const permissions = new Permissions({
    permissionMs: HOUR,
    unattendedMs: 1_000,
    onUnanswered: (callId, reason) => void unanswered.push(`${callId}: ${reason}`),
  });
  return { permissions, unanswered, [Symbol.dispose]: () => vi.useRealTimers() };
}

describe('a request that nobody reads', () => {
  it('is denied, and no timer is left', async () => {
    using time = timed();
    const answer = time.permissions.ask(request, () => undefined);
    await vi.advanceTimersByTimeAsync(999);
    expect(time.unanswered).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await answer).toMatchObject({ behavior: 'deny', interrupt: false });
    expect(time.unanswered).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits its whole time while somebody reads, and anew after somebody did', async () => {
    using time = timed();
    const { permissions, unanswered } = time;
    const answer = permissions.ask(request, () => undefined);
    await vi.advanceTimersByTimeAsync(900);
    permissions.attended = true;
    await vi.advanceTimersByTimeAsync(HOUR / 2);
    permissions.attended = false;
    await vi.advanceTimersByTimeAsync(999);
    expect(unanswered).toEqual([]);
    permissions.answer('c', { decision: 'allow' });
    expect(await answer).toEqual({ behavior: 'allow', updatedInput: { a: 1 } });
    await vi.advanceTimersByTimeAsync(HOUR);
    expect(unanswered).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not shorten the time of one that is asked later', async () => {
    using time = timed();
    const { permissions, unanswered } = time;
    void permissions.ask(request, () => undefined);
    await vi.advanceTimersByTimeAsync(900);
    permissions.answer('c', { decision: 'deny' });
    await vi.advanceTimersByTimeAsync(50);
    const later = permissions.ask({ ...request, callId: 'd' }, () => undefined);
    await vi.advanceTimersByTimeAsync(500);
    expect(unanswered).toEqual([]);
    await vi.advanceTimersByTimeAsync(500);
    expect(await later).toMatchObject({ behavior: 'deny' });
    expect(unanswered).toEqual([expect.stringMatching(/^d: /)]);
  });
});
