import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createQemuDriver, debianPackages } from '../../../src/drivers/qemu/index.ts';
import { findFirmware } from '../../../src/drivers/qemu/firmware.ts';
import { installCommand } from '../../../src/drivers/qemu/tools.ts';
import { tempDir } from '../../helpers/temp.ts';
import { scriptedQemu } from './scripted-qemu.ts';

const { signal } = new AbortController();

test('reports what is missing with the command that installs it, and does not reject', async () => {
  await using temp = await tempDir();
  const bin = join(temp.path, 'qemu-none');
  const driver = createQemuDriver({
    stateDir: temp.path,
    cacheDir: temp.path,
    qemuBin: bin,
    accelerator: 'tcg',
  });
  const findings = await driver.check(signal);
  expect(findings).toContainEqual({
    level: 'error',
    subject: bin,
    message: `${bin} is not installed`,
    fix: expect.stringMatching(/^run: (?:sudo apt-get install|brew install)/) as string,
  });
  expect(findings).toContainEqual(expect.objectContaining({ subject: 'accelerator', level: 'warning' }));
});

test('reports too little space with the number it needs', async () => {
  await using temp = await tempDir();
  const qemuBin = await scriptedQemu(temp.path);
  const driver = createQemuDriver({
    stateDir: temp.path,
    cacheDir: temp.path,
    qemuBin,
    minFreeMiB: 1_000_000_000,
  });
  const findings = await driver.check(signal);
  expect(findings).toContainEqual(
    expect.objectContaining({ subject: qemuBin, level: 'ok', message: '7.2.22' }),
  );
  expect(findings).toContainEqual(
    expect.objectContaining({
      subject: 'space for guests',
      level: 'error',
      fix: expect.stringContaining('1000000000 MiB') as string,
    }),
  );
});

test('stops with TOOL_MISSING where QEMU is needed and absent', async () => {
  await using temp = await tempDir();
  const driver = createQemuDriver({
    stateDir: temp.path,
    cacheDir: temp.path,
    qemuBin: join(temp.path, 'none'),
  });
  await expect(driver.resolveImage('debian:12', { signal, log: () => undefined })).rejects.toMatchObject({
    code: 'TOOL_MISSING',
    hint: `run: ${installCommand(process.arch === 'arm64' ? 'arm64' : 'x64')}`,
  });
});

test.each(['7.1.0', '5.2.0', 'unreadable'])('stops with TOOL_TOO_OLD at QEMU %s', async (version) => {
  await using temp = await tempDir();
  const qemuBin = await scriptedQemu(temp.path, { version });
  const driver = createQemuDriver({ stateDir: temp.path, cacheDir: temp.path, qemuBin });
  await expect(driver.resolveImage('debian:12', { signal, log: () => undefined })).rejects.toMatchObject({
    code: 'TOOL_TOO_OLD',
    facts: { needed: '7.2' },
  });
});

test('names the firmware package where a cloud image cannot boot without it', async () => {
  await expect(findFirmware(['/nonexistent'])).rejects.toMatchObject({ code: 'TOOL_MISSING' });
  expect(debianPackages('arm64')).toContain('qemu-efi-aarch64');
  expect(debianPackages('x64')).toContain('qemu-system-x86');
});
