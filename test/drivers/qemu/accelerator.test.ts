import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chooseAccelerator } from '../../../src/drivers/qemu/accelerator.ts';
import { hostArch } from '../../../src/drivers/qemu/host.ts';
import { tempDir } from '../../helpers/temp.ts';
import { scriptedQemu, type QemuScript } from './scripted-qemu.ts';

async function setUp(script: QemuScript) {
  const temp = await tempDir();
  const device = join(temp.path, 'kvm');
  const kernel = join(temp.path, 'vmlinuz');
  await Promise.all([writeFile(device, ''), writeFile(kernel, '')]);
  const bin = await scriptedQemu(temp.path, script);
  const options = {
    bin,
    version: '7.2.22',
    arch: hostArch('x64'),
    cacheDir: join(temp.path, 'cache'),
    kernel,
    device,
  };
  return {
    options: {
      ...options,
      platform: 'linux' as const,
      signal: new AbortController().signal,
      log: () => undefined,
    },
    trials: async () => (await readFile(`${bin}.calls`, 'utf8').catch(() => '')).split('\n').length - 1,
    verdicts: () => readdir(join(temp.path, 'cache/qemu')),
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}

const BOOTED =
  'Linux version 6.1\nKernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)';

test('uses KVM when a kernel boots with it, and remembers', async () => {
  await using host = await setUp({ trial: BOOTED });
  expect(await chooseAccelerator(host.options)).toBe('kvm');
  expect(await chooseAccelerator(host.options)).toBe('kvm');
  expect(await host.trials()).toBe(1);
  expect(await host.verdicts()).toHaveLength(1);
});

test('emulates when the device is there but no kernel comes up, and remembers that, too', async () => {
  await using host = await setUp({ trial: 'KVM internal error. Suberror: 1' });
  expect(await chooseAccelerator(host.options)).toBe('tcg');
  expect(await chooseAccelerator(host.options)).toBe('tcg');
  expect(await host.trials()).toBe(1);
});

test('tries anew with another QEMU', async () => {
  await using host = await setUp({ trial: '' });
  await chooseAccelerator(host.options);
  await chooseAccelerator({ ...host.options, version: '9.0.0' });
  expect(await host.trials()).toBe(2);
});

test('emulates without a trial where there is no device', async () => {
  await using host = await setUp({ trial: BOOTED });
  expect(await chooseAccelerator({ ...host.options, device: '/nonexistent' })).toBe('tcg');
  expect(await host.trials()).toBe(0);
});

test('is cancelled without a verdict', async () => {
  await using host = await setUp({ trial: BOOTED });
  const cancelled = { ...host.options, signal: AbortSignal.abort() };
  await expect(chooseAccelerator(cancelled)).rejects.toMatchObject({ code: 'ABORTED' });
  expect(await host.verdicts().catch(() => [])).toEqual([]);
});
