import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Finding } from '../../src/drivers/driver.ts';
import { createFakeDriver } from '../../src/drivers/fake/index.ts';
import { VZVMSubstrate } from '../../src/index.ts';
import { hintOfHost } from '../../src/substrate/host-evidence.ts';

const FULL: Finding = {
  level: 'error',
  subject: 'space for guests',
  message: '0 MiB free in /vms',
  fix: 'free at least 1024 MiB: df -h /vms',
};

/** A driver whose check says this. */
function driverWith(check: () => Promise<readonly Finding[]>) {
  return Object.assign(createFakeDriver({ script: { start: 'hang' } }), { check });
}

const failureOf = async (driver: ReturnType<typeof driverWith>) => {
  await using substrate = new VZVMSubstrate({ driver, baseImage: 'fake', timeouts: { booting: 1 } });
  return await substrate.bootHarness({ envs: {} }).catch((error: unknown) => error);
};

describe('a step that was too slow', () => {
  it('is told with what is wrong with the host, and what to do about it', async () => {
    const error = await failureOf(driverWith(() => Promise.resolve([FULL])));
    expect(error).toMatchObject({
      code: 'STEP_TIMEOUT',
      hint: expect.stringMatching(
        /^this host has a problem: space for guests: 0 MiB free in \/vms, free at least 1024 MiB: df -h \/vms; or /,
      ) as string,
    });
  });

  it.each([
    ['nothing is wrong', () => Promise.resolve([{ ...FULL, level: 'ok' as const }])],
    ['only something is worth a warning', () => Promise.resolve([{ ...FULL, level: 'warning' as const }])],
    ['the host cannot be looked at', () => Promise.reject(new Error('no'))],
  ])('says nothing of the host where %s', async (_, check) => {
    const error = await failureOf(driverWith(check));
    expect(error).toMatchObject({
      code: 'STEP_TIMEOUT',
      hint: expect.not.stringContaining('this host') as string,
    });
  });
});

describe('a host that does not answer', () => {
  const deaf = driverWith(() => new Promise(() => undefined));

  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('is waited for three seconds', async () => {
    const hint = hintOfHost(deaf, new AbortController().signal);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await hint).toBeUndefined();
  });

  it('is not waited for by who cancels', async () => {
    const cancelling = new AbortController();
    const hint = hintOfHost(deaf, cancelling.signal);
    cancelling.abort();
    expect(await hint).toBeUndefined();
  });
});
