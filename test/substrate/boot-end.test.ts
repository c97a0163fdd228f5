import { expect, it } from 'vitest';
import { createFakeDriver } from '../../src/drivers/fake/index.ts';
import { createBootContext } from '../../src/substrate/boot-context.ts';
import { endIfAborted } from '../../src/substrate/boot-end.ts';
import { machineInput } from '../../src/substrate/machine-input.ts';
import { createSession, readPlan } from '../../src/substrate/session.ts';
import { until } from '../helpers/until.ts';

const never = new AbortController().signal;

it('ends a VM whose boot was cancelled after all that could notice it, and no other', async () => {
  const driver = createFakeDriver({ script: { start: 'hang' } });
  const log = () => undefined;
  const options = { driver, baseImage: 'fake' };
  const context = createBootContext({ options, log, driver: () => Promise.resolve(driver), closing: never });
  const image = await driver.resolveImage('fake', { signal: never, log });
  const payload = { files: [], harnessDigest: 'h', packagesDigest: 'p' };
  const session = createSession({ driver, image, payload, plan: await readPlan(options), envs: {}, log });
  const hosted = context.host.start(session, machineInput(session, options));
  await until('it is cloned', async () => (await driver.list()).length === 1);
  await endIfAborted(context, hosted, never);
  expect(await driver.list()).toHaveLength(1);
  await expect(endIfAborted(context, hosted, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
  expect(await driver.list()).toEqual([]);
});
