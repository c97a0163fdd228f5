import { describe, expect, it } from 'vitest';
import { VzvmError } from '../../src/errors.ts';
import { createFakeDriver, type FakeDriverOptions } from '../../src/drivers/fake/index.ts';
import type { MemorySnapshots } from '../../src/drivers/driver.ts';
import { createBootContext } from '../../src/substrate/boot-context.ts';
import { readPlan } from '../../src/substrate/session.ts';
import { templateKey } from '../../src/substrate/template.ts';
import { TemplateRecords } from '../../src/substrate/template-records.ts';
import { tempDir } from '../helpers/temp.ts';
import { giveSnapshots } from '../helpers/snapshots.ts';

const never = new AbortController().signal;

/** Templates of a substrate whose VMs get no further than their clone. */
async function setUp(
  snapshots: Partial<MemorySnapshots>,
  { script = {}, spareMiB = 100_000 }: { script?: FakeDriverOptions['script']; spareMiB?: number } = {},
) {
  const temp = await tempDir();
  const driver = createFakeDriver({ script: script ?? {} });
  const removed = giveSnapshots(driver, snapshots);
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const base = await driver.resolveImage('fake', { signal: never, log });
  const payload = { files: [], harnessDigest: 'h', packagesDigest: 'p' };
  const of = { wanted: { driver, base, payload, plan: await readPlan({}) }, image: base };
  const { templates } = createBootContext({
    options: { driver, cacheDir: temp.path, retries: { cloning: 1 } },
    log,
    driver: () => Promise.resolve(driver),
    closing: never,
    spareMiB: () => Promise.resolve(spareMiB),
  });
  const records = new TemplateRecords(driver, temp.path);
  return { of, templates, records, driver, lines, removed, [Symbol.asyncDispose]: temp[Symbol.asyncDispose] };
}

describe('a template', () => {
  it('that is cancelled before its VM was started leaves no VM that boots on', async () => {
    const abort = new AbortController();
    const remove = () => Promise.resolve(abort.abort());
    await using it = await setUp({ remove }, { script: { clone: 'hang' } });
    await expect(it.templates.ensure(it.of, abort.signal)).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await it.driver.list()).toEqual([]);
  });

  it('that cannot be made costs a boot and nothing else; the log says why, and it is not tried for ever', async () => {
    await using it = await setUp({}, { script: { clone: new Error('no room') } });
    for (const _ of ['first', 'second', 'third'])
      expect(await it.templates.ensure(it.of, never)).toBeUndefined();
    expect(it.lines.filter((line) => line.startsWith('no template'))).toEqual([
      'no template could be made, so VMs boot: cloning: no room',
      'no template could be made, so VMs boot: cloning: no room',
    ]);
    expect(await it.driver.list()).toEqual([]);
  });

  it('is not made on a host that is short of memory, and is another time', async () => {
    const options = { spareMiB: 2047 };
    await using it = await setUp({}, options);
    for (const _ of ['first', 'second', 'third'])
      expect(await it.templates.ensure(it.of, never)).toBeUndefined();
    expect(it.lines.at(-1)).toContain('the host can spare 2047 MiB of memory, and 2048 MiB are needed');
    // Not given up: each time was refused for its memory alone.
    expect(it.lines).toHaveLength(3);
    expect(it.driver.calls.filter((call) => call.startsWith('clone'))).toEqual([]);
  });

  it('is used only with the secret that it was made with', async () => {
    await using it = await setUp({ has: () => Promise.resolve(true) });
    const key = templateKey(it.of);
    expect(await it.templates.find(it.of, never)).toBeUndefined();
    await it.records.write(key, { secret: 'a secret', image: it.of.image.digest });
    expect(await it.templates.find(it.of, never)).toEqual({ key, secret: 'a secret' });
    expect(await it.records.list()).toMatchObject([{ key, image: it.of.image.digest }]);
  });

  it('whose fork failed is removed, so that it fails no other', async () => {
    await using it = await setUp({});
    const key = templateKey(it.of);
    await it.records.write(key, { secret: 'a secret', image: it.of.image.digest });
    await it.templates.giveUp(it.of, new Error('QEMU cannot load it'));
    expect([it.removed, await it.records.list()]).toEqual([[key], []]);
    expect(it.lines).toEqual(['a VM could not be forked, so it boots: QEMU cannot load it']);
  });

  it('is kept when its fork failed for what the host lacks', async () => {
    await using it = await setUp({});
    await it.records.write(templateKey(it.of), { secret: 'a secret', image: 'i' });
    await it.templates.giveUp(it.of, new VzvmError('PORT_TAKEN', 'port 7700 is taken'));
    expect([it.removed, (await it.records.list()).length]).toEqual([[], 1]);
  });

  it('store in trouble costs a boot and a line in the log', async () => {
    await using it = await setUp({ has: () => Promise.reject(new Error('unreadable')) });
    expect(await it.templates.find(it.of, never)).toBeUndefined();
    expect(it.lines).toEqual(['templates cannot be used, so the VM boots: unreadable']);
  });
});
