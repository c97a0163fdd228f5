import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findMarked, OWNER_MARK, ownerId } from '../../../src/process/marked.ts';
import { startTartBench, type TartBench } from '../../helpers/tart/index.ts';
import { until } from '../../helpers/until.ts';

const IMAGE = 'host.example/ubuntu:1';

describe('pulling an image with Tart', () => {
  let bench: TartBench;
  const log: string[] = [];

  beforeEach(async () => {
    bench = await startTartBench();
    log.length = 0;
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  const resolve = (ref: string, signal: AbortSignal) =>
    bench.driver.resolveImage(ref, { signal, log: (line) => log.push(line) });

  it('ends when it is cancelled, also while it waits for another pull from the same registry', async () => {
    await bench.fault('pull', 'slow');
    const cancelling = new AbortController();
    const first = resolve(IMAGE, cancelling.signal);
    await until('it pulls', () => log.includes('image: 50%'));
    const second = resolve('host.example/other:1', cancelling.signal);
    await until('it waits, and says so', () => log.includes('image: waiting for lock...'));
    cancelling.abort();
    for (const each of await Promise.allSettled([first, second]))
      expect(each).toMatchObject({ status: 'rejected', reason: { code: 'ABORTED' } });
    expect(await findMarked(OWNER_MARK, ownerId)).toEqual([]);
  });

  it('says that a login is not used which is not bound to a registry', async () => {
    vi.stubEnv('TART_REGISTRY_USERNAME', 'me').stubEnv('TART_REGISTRY_PASSWORD', 'secret');
    await resolve(IMAGE, new AbortController().signal);
    vi.unstubAllEnvs();
    expect(log[0]).toContain('set TART_REGISTRY_HOSTNAME=host.example');
    expect(log.join()).not.toContain('secret');
  });
});
