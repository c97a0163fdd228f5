import { vi } from 'vitest';

/**
 * Timers that are due when a test says so; everything else takes as long as it takes. `expect.poll` moves this time, too: wait
 * for events.
 */
export function simulatedTime() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  return {
    pass: (ms: number) => vi.advanceTimersByTimeAsync(ms),
    [Symbol.dispose]: () => void vi.useRealTimers(),
  };
}
