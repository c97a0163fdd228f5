import { describe, expect, it } from 'vitest';
import type { ExitReport } from '../../src/drivers/driver.ts';
import type { VmFailure } from '../../src/machines/vm/index.ts';
import { createBootContext } from '../../src/substrate/boot-context.ts';
import { BootError } from '../../src/substrate/boot-error.ts';
import { VZVMSubstrate } from '../../src/substrate/index.ts';
import { readPlan } from '../../src/substrate/session.ts';
import { blameOf, judgingImage } from '../../src/substrate/suspect-image.ts';
import { startFakeGuest } from '../helpers/fake-guest.ts';
import { tempDir } from '../helpers/temp.ts';

const failed = (failure: Partial<VmFailure>, consoleTail = '') =>
  new BootError(
    { step: 'ssh-connect', code: 'GUEST_EXITED', message: 'it failed', attempt: 1, facts: {}, ...failure },
    { guest: 'ca-1', isKept: false, consoleTail, problems: [], cause: undefined },
  );
const timedOut = (timeoutMs: number, consoleTail = '') =>
  failed({ code: 'STEP_TIMEOUT', facts: { timeoutMs } }, consoleTail);
const PANIC = '[    1.2] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(254,0)';

describe('what a failed boot says of its image', () => {
  it.each([
    ['a panic', failed({ exitCode: 0 }, PANIC)],
    ['a guest that ended by itself', failed({ exitCode: 0 })],
    ['an emergency shell at the deadline', timedOut(5, 'You are in emergency mode.')],
    [
      'a disk that QEMU cannot read',
      failed({ step: 'booting', code: 'BOOT_FAILED', stderrTail: 'Image is not in qcow2 format' }),
    ],
    [
      'an overlay that cannot be made',
      failed({ step: 'cloning', code: 'CLONE_FAILED', stderrTail: "Could not open '/c/kept-1/disk.qcow2'" }),
    ],
    ['a login that was refused', failed({ code: 'SSH_AUTH_FAILED' })],
  ])('blames it for %s', (_, error) => {
    expect(blameOf(error)).toBe('image');
  });

  it('doubts it when nobody could log in until a long deadline', () => {
    expect(blameOf(timedOut(180_000))).toBe('perhaps');
  });

  it.each([
    ['a guest that was killed', failed({ facts: { signal: 'SIGKILL' } })],
    [
      'a QEMU that was asked to end',
      failed({ exitCode: 0, stderrTail: 'terminating on signal 15 from pid 1' }),
    ],
    [
      'a guest without memory',
      failed({ exitCode: 0 }, 'Kernel panic - not syncing: System is deadlocked on memory'),
    ],
    ['a short deadline', timedOut(2_000)],
    ['a full disk', failed({ step: 'cloning', code: 'DISK_FULL', stderrTail: 'No space left on device' })],
    ['a step of a guest that has booted', failed({ step: 'spawn', code: 'GUEST_EXITED', exitCode: 0 })],
    ['no failure of a boot', new Error('else')],
  ])('does not blame it for %s', (_, error) => {
    expect(blameOf(error)).toBe('nothing');
  });
});

describe('a prepared image', () => {
  it.each([
    ['goes when its guest ended by itself', { code: 0 }, 0],
    ['stays when its guest was killed', { signal: 'SIGKILL' }, 1],
  ] as const)('%s', async (_, exit: Partial<ExitReport>, left) => {
    const temp = await tempDir();
    await using _temp = temp;
    let ends = false;
    const end = (name: string) => void (ends && guest.driver.killGuest(name, exit));
    await using guest = await startFakeGuest({ pretendsRoot: true, script: { dial: end } });
    const lines: string[] = [];
    const onLog = (line: string) => void lines.push(line);
    const substrate = new VZVMSubstrate({ ...guest.options, cacheDir: temp.path, onLog });
    await substrate.prepareImage();
    ends = true;
    await expect(substrate.bootHarness({ envs: {} })).rejects.toMatchObject({ code: 'GUEST_EXITED' });
    expect(await substrate.images()).toHaveLength(left);
    expect(lines.some((line) => line.includes('is removed, because a VM did not boot from it'))).toBe(
      left === 0,
    );
    ends = false;
    const { shutdown } = await substrate.bootHarness({ envs: {} });
    await shutdown();
    expect(await substrate.list()).toEqual([]);
  });

  it('that nobody could log in to goes after three boots in succession, of any process', async () => {
    await using temp = await tempDir();
    await using guest = await startFakeGuest({ pretendsRoot: true });
    const options = { ...guest.options, cacheDir: temp.path };
    const substrate = new VZVMSubstrate(options);
    await substrate.prepareImage();
    const { signal } = new AbortController();
    const base = await guest.driver.resolveImage('fake', { signal, log: () => undefined });
    const payload = { files: [], harnessDigest: 'h', packagesDigest: 'p' };
    const wanted = { driver: guest.driver, base, payload, plan: await readPlan(options) };
    const removed: string[] = [];
    Object.assign(guest.driver, { removeImage: (key: string) => Promise.resolve(void removed.push(key)) });
    const boot = async (error?: Error) => {
      const driver = () => Promise.resolve(guest.driver);
      const context = createBootContext({ options, log: () => undefined, driver, closing: signal });
      const booting = () => (error ? Promise.reject(error) : Promise.resolve());
      await judgingImage(context, wanted, booting).catch(() => undefined);
    };
    for (const error of [
      timedOut(180_000),
      timedOut(180_000),
      undefined,
      timedOut(180_000),
      timedOut(180_000),
    ])
      await boot(error);
    expect(removed).toEqual([]);
    await boot(timedOut(180_000));
    expect(removed).toHaveLength(1);
  });
});
