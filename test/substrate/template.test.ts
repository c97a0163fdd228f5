import { describe, expect, it } from 'vitest';
import { createFakeDriver, type FakeDriverOptions } from '../../src/drivers/fake/index.ts';
import type { MemorySnapshots } from '../../src/drivers/driver.ts';
import { machineInput } from '../../src/substrate/machine-input.ts';
import { createSession, readPlan } from '../../src/substrate/session.ts';
import { type TemplateBuild, templateFor } from '../../src/substrate/template.ts';
import { VmHost } from '../../src/substrate/vm-host.ts';
import { tempDir } from '../helpers/temp.ts';

const NO_SNAPSHOTS: MemorySnapshots = {
  save: () => Promise.reject(new Error('not here')),
  has: () => Promise.resolve(false),
  fork: () => Promise.reject(new Error('not here')),
  remove: () => Promise.resolve(),
  list: () => Promise.resolve([]),
};

/** What a template is made with, by a driver whose VMs get no further than their clone. */
async function buildWith(snapshots: Partial<MemorySnapshots>, script: FakeDriverOptions['script']) {
  const temp = await tempDir();
  const driver = createFakeDriver(script ? { script } : {});
  Object.assign(driver, { snapshots: { ...NO_SNAPSHOTS, ...snapshots } });
  const abort = new AbortController();
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const base = await driver.resolveImage('fake', { signal: abort.signal, log });
  const payload = { files: [], harnessDigest: 'h', packagesDigest: 'p' };
  const wanted = { driver, base, payload, plan: await readPlan({}) };
  const host = new VmHost(log, undefined);
  const start: TemplateBuild['start'] = () => {
    const session = createSession({ ...wanted, image: base, snapshotable: true, envs: {}, log });
    return host.start(session, machineInput(session, { retries: { cloning: 1 } }));
  };
  const build: TemplateBuild = {
    wanted,
    image: base,
    cacheDir: temp.path,
    start,
    log,
    signal: abort.signal,
  };
  return { build, abort, driver, lines, [Symbol.asyncDispose]: temp[Symbol.asyncDispose] };
}

describe('a template', () => {
  it('that is cancelled before its VM was started leaves no VM that boots on', async () => {
    const abort = new AbortController();
    const remove = () => Promise.resolve(abort.abort());
    await using it = await buildWith({ remove }, { clone: 'hang' });
    const made = templateFor({ ...it.build, signal: abort.signal });
    await expect(made).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await it.driver.list()).toEqual([]);
  });

  it('that cannot be made costs a boot and nothing else, and the log says why', async () => {
    await using it = await buildWith({}, { clone: new Error('no room') });
    expect(await templateFor(it.build)).toBeUndefined();
    expect(it.lines.at(-1)).toBe('no template could be made, so the VM boots: cloning: no room');
    expect(await it.driver.list()).toEqual([]);
  });

  it('is not looked for where the driver cannot save memory', async () => {
    await using it = await buildWith({}, {});
    Object.assign(it.driver, { snapshots: undefined });
    expect(await templateFor(it.build)).toBeUndefined();
    expect(it.lines).toEqual([]);
  });
});
