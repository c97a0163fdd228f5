import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { HarnessProcess } from '../../src/boot/harness-process.ts';
import { deferred } from '../../src/deferred.ts';

const EVENTS = ['SIGTERM', 'SIGINT', 'unhandledRejection'];
const before = new Map<string, readonly unknown[]>();

beforeEach(() => {
  for (const event of EVENTS) before.set(event, process.listeners(event as 'SIGTERM'));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  for (const event of EVENTS)
    for (const listener of process.listeners(event as 'SIGTERM'))
      if (!before.get(event)?.includes(listener)) process.off(event, listener);
});

it('ends what it is doing before it leaves', async () => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  const harness = new HarnessProcess();
  const tidied = deferred<void>();
  const aborted = vi.fn<() => void>();
  const work = harness.during((ending) => {
    ending.addEventListener('abort', aborted);
    return tidied.promise;
  });
  harness.end(0);
  expect(aborted).toHaveBeenCalledOnce();
  await vi.advanceTimersByTimeAsync(100);
  expect(exit).not.toHaveBeenCalled();
  tidied.reject(new Error('it was ended'));
  await expect(work).rejects.toThrow('it was ended');
  await vi.waitFor(() => expect(exit).toHaveBeenCalledWith(0));
});

it('leaves after two and a half seconds where that does not end', async () => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  const harness = new HarnessProcess();
  void harness.during(() => new Promise(() => undefined));
  harness.end(0);
  await vi.advanceTimersByTimeAsync(2_500);
  expect(exit).toHaveBeenCalledExactlyOnceWith(1);
});
