import { describe, expect, it } from 'vitest';
import { createFakeDriver } from '../../src/drivers/fake/index.ts';
import { VzvmError } from '../../src/errors.ts';
import { imageToKeep, preparedKey, startingPoint } from '../../src/substrate/prepared-image.ts';
import { readPlan } from '../../src/substrate/session.ts';

const signal = new AbortController().signal;
const quiet = () => undefined;

async function wanted(driver = createFakeDriver()) {
  const base = await driver.resolveImage('fake', { signal, log: quiet });
  const payload = { files: [], harnessDigest: 'h', packagesDigest: 'p' };
  return { driver, base, payload, plan: await readPlan({}) };
}

async function keep(driver: ReturnType<typeof createFakeDriver>, key: string): Promise<void> {
  const guest = 'ca-1-0123456789ab';
  const base = await driver.resolveImage('fake', { signal, log: quiet });
  const resources = { cpu: 1, memoryMiB: 256 };
  await driver.clone({ image: base, guest, resources, user: 'admin', authorizedKey: '' }, signal);
  await driver.keepImage({ guest, key, base, description: '', login: { user: 'admin' } }, signal);
}

describe('where a VM starts', () => {
  it('is the base image, to be kept on the way, while nothing is prepared', async () => {
    const each = await wanted();
    const { image, keep: kept } = await startingPoint(each, quiet, signal);
    expect(image).toBe(each.base);
    expect(kept).toMatchObject({ key: preparedKey(each), base: each.base });
  });

  it('is the prepared image once there is one', async () => {
    const each = await wanted();
    await keep(each.driver, preparedKey(each));
    expect(await startingPoint(each, quiet, signal)).toEqual({
      image: { ref: 'fake', digest: `kept:${preparedKey(each)}`, acceptsKey: true },
    });
  });

  it('is the base image, with a word in the log, when the store is in trouble', async () => {
    const each = await wanted(
      createFakeDriver({ script: { findImage: new VzvmError('PERMISSION_DENIED', 'no') } }),
    );
    const lines: string[] = [];
    expect(await startingPoint(each, (line) => void lines.push(line), signal)).toEqual({ image: each.base });
    expect(lines).toEqual(['prepared images cannot be used: no']);
  });

  it('needs another image for every change of what is in it', async () => {
    const each = await wanted();
    const others = [
      { ...each, base: { ...each.base, digest: 'other' } },
      { ...each, payload: { ...each.payload, packagesDigest: 'other' } },
      { ...each, plan: { ...each.plan, user: 'other' } },
      { ...each, plan: { ...each.plan, directory: '/other' } },
      { ...each, plan: { ...each.plan, node: { major: 24, source: 'auto' } as const } },
    ];
    const keys = [each, ...others].map(preparedKey);
    expect(new Set(keys).size).toBe(keys.length);
    // A new harness is only uploaded, and more memory is no other disk.
    const same = [
      { ...each, payload: { ...each.payload, harnessDigest: 'other' } },
      { ...each, plan: { ...each.plan, resources: { cpu: 9, memoryMiB: 9 } } },
    ];
    expect(same.map(preparedKey)).toEqual([keys[0], keys[0]]);
  });

  it('has a login of its own only where the driver cannot put a key into a clone', async () => {
    const each = await wanted();
    expect(imageToKeep(each).login).toBeUndefined();
    const other = {
      ...each,
      driver: { ...each.driver, features: { ...each.driver.features, takesKeys: false } },
    };
    expect(imageToKeep(other as typeof each).login?.publicKey).toMatch(/^ssh-ed25519 /);
  });
});
