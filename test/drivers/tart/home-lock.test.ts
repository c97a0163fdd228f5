import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HomeLock } from '../../../src/drivers/tart/home-lock.ts';
import { startTimeOf } from '../../../src/process/end-process.ts';
import { requestOf } from '../../helpers/tart/guest.ts';
import { startTartBench } from '../../helpers/tart/index.ts';
import { until } from '../../helpers/until.ts';

const never = new AbortController().signal;

describe('the lock of a Tart home', () => {
  let home: string;
  const told: string[] = [];
  const lock = () => new HomeLock(home, (line) => told.push(line));

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'tart-home-'));
    told.length = 0;
  });
  afterEach(() => rm(home, { recursive: true }));

  /** As another program holds it. */
  const hold = async (pid: number, folder = home) => {
    const file = join(folder, '.vzvm.lock');
    await writeFile(file, JSON.stringify({ pid, startTime: await startTimeOf(pid) }));
    return () => rm(file);
  };

  it('lets one work at a time, whichever driver asks', async () => {
    const order: string[] = [];
    const first = Promise.withResolvers<void>();
    const one = lock().run(async () => {
      await first.promise;
      order.push('one');
    });
    const two = lock().run(() => Promise.resolve(order.push('two')));
    first.resolve();
    await Promise.all([one, two]);
    expect(order).toEqual(['one', 'two']);
  });

  it('waits for another program, says so, and goes on when that one is done', async () => {
    const release = await hold(process.ppid);
    let isDone = false;
    const work = lock().run(() => Promise.resolve((isDone = true)));
    await until('it says that it waits', () => Promise.resolve(told.length > 0));
    expect([isDone, told]).toEqual([false, ['waiting for another program that uses Tart']]);
    await release();
    expect(await work).toBe(true);
  });

  it('says which folder it is that cannot be used', async () => {
    const file = join(home, 'file');
    await writeFile(file, '');
    const work = new HomeLock(file, () => undefined).run(() => Promise.resolve());
    await expect(work).rejects.toMatchObject({ code: 'PERMISSION_DENIED', facts: { path: file } });
  });

  it('is taken from a program that has ended', async () => {
    await hold(2 ** 22 + 1);
    expect(await lock().run(() => Promise.resolve('done'))).toBe('done');
  });

  it('is not waited for by what was cancelled, behind another program or another call', async () => {
    const release = await hold(process.ppid);
    const cancelling = new AbortController();
    const all = [1, 2].map(() => lock().run(() => Promise.resolve('done'), cancelling.signal));
    await until('it says that it waits', () => Promise.resolve(told.length > 0));
    cancelling.abort();
    expect(await Promise.allSettled(all)).toMatchObject(
      [1, 2].map(() => ({ status: 'rejected', reason: { code: 'ABORTED' } })),
    );
    await release();
    expect(await lock().run(() => Promise.resolve('free'))).toBe('free');
  });

  it('is taken for all that reads every VM, or changes what others read', async () => {
    await using bench = await startTartBench();
    const driver = bench.another({ log: (line) => told.push(line) });
    const request = await requestOf(driver);
    const { guest, resources } = request;
    const kept = {
      guest,
      key: 'a'.repeat(12),
      base: request.image,
      description: '',
      login: { user: 'admin' },
    };
    const acts: Readonly<Record<string, () => Promise<unknown>>> = {
      clone: () => driver.clone({ ...request, resources }, never),
      keepImage: () => driver.keepImage(kept as never, never),
      findImage: () => driver.findImage(kept.key, never),
      removeImage: () => driver.removeImage(kept.key),
      start: () => driver.start(guest, never),
      list: () => driver.list(),
      delete: () => driver.delete(guest),
    };
    for (const [name, act] of Object.entries(acts)) {
      const release = await hold(process.ppid, bench.home);
      told.length = 0;
      const done = act();
      await until(`${name} says that it waits`, () => Promise.resolve(told.length > 0));
      await release();
      await done;
    }
    expect(await driver.list()).toEqual([]);
  });
});
