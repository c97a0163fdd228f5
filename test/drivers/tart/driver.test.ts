import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CloneRequest } from '../../../src/drivers/driver.ts';
import { newGuestName } from '../../../src/drivers/guest-name.ts';
import { startTartBench, type TartBench } from '../../helpers/tart/index.ts';

const never = new AbortController().signal;

describe('the Tart driver', () => {
  let bench: TartBench;
  const log: string[] = [];

  beforeEach(async () => {
    bench = await startTartBench();
    log.length = 0;
  });

  afterEach(async () => {
    // A test that leaves a VM fails here, whatever else it showed.
    if ((await bench.driver.list()).length > 0) throw new Error('a VM was left behind');
    await bench[Symbol.asyncDispose]();
  });

  const resolve = (ref: string) =>
    bench.driver.resolveImage(ref, { signal: never, log: (line) => log.push(line) });

  const requestFor = async (ref = 'base'): Promise<CloneRequest> => ({
    image: await resolve(ref),
    guest: newGuestName(),
    resources: { cpu: 4, memoryMiB: 4096, diskGiB: 40 },
    user: 'admin',
    authorizedKey: 'unused',
  });

  it('calls tart in the order and with the vectors that are safe', async () => {
    const request = await requestFor('ghcr.io/cirruslabs/ubuntu:latest');
    const { guest } = request;
    await bench.driver.clone(request, never);
    const { exited } = await bench.driver.start(guest, never);
    expect(await bench.driver.address(guest, never)).toEqual({ host: '127.0.0.4' });
    await bench.driver.stop(guest, 0);
    expect(await exited).toMatchObject({ code: 0 });
    await bench.driver.delete(guest);
    const { digest } = request.image;
    expect(digest).toMatch(/^ghcr\.io\/cirruslabs\/ubuntu@sha256:[0-9a-f]{64}$/);
    expect(
      (await bench.calls()).filter((call) => !call.startsWith(`get ${guest}`) && !call.startsWith('list')),
    ).toEqual([
      '--version',
      'fqn ghcr.io/cirruslabs/ubuntu:latest',
      'pull ghcr.io/cirruslabs/ubuntu:latest',
      'fqn ghcr.io/cirruslabs/ubuntu:latest',
      `clone ${digest} ${guest}`,
      `set ${guest} --random-mac --cpu 4 --memory 4096 --disk-size 43`,
      `run ${guest} --no-graphics --no-clipboard --no-audio`,
      `ip ${guest}`,
      `delete ${guest}`,
    ]);
    expect((await bench.calls()).indexOf(`get ${guest} --format json`)).toBe(4);
    expect(log).toContain('image: 50%');
    expect(await readdir(join(bench.home, '..', 'state', 'tart'))).toEqual([]);
  });

  it('does not pull what is cached', async () => {
    await resolve('ghcr.io/cirruslabs/ubuntu:latest');
    await resolve('ghcr.io/cirruslabs/ubuntu:latest');
    expect((await bench.calls()).filter((call) => call.startsWith('pull'))).toHaveLength(1);
  });

  it.each([
    ['clone', '2 gone', 'IMAGE_NOT_FOUND'],
    ['clone', 'Error: No space left on device', 'DISK_FULL'],
    ['clone', 'Error: whatever', 'CLONE_FAILED'],
    ['set', 'Error: LessThanMinimalResourcesError', 'CLONE_FAILED'],
  ])('maps a failing %s, and leaves no VM: %s', async (verb, text, code) => {
    const request = await requestFor();
    await bench.fault(`fail-once-${verb}`, text);
    await expect(bench.driver.clone(request, never)).rejects.toMatchObject({
      code,
      hint: expect.any(String),
    });
  });

  it('leaves no VM when a clone fails with the VM in place', async () => {
    const request = await requestFor();
    await bench.fault('clone-late', 'Error: pruning failed');
    await expect(bench.driver.clone(request, never)).rejects.toMatchObject({ code: 'CLONE_FAILED' });
    expect(await readdir(join(bench.home, 'vms'))).toEqual(['base']);
  });

  it('clones nothing on a disk that is full, which tart would', async () => {
    const driver = bench.another({ minFreeMiB: 2 ** 40 });
    await expect(driver.clone(await requestFor(), never)).rejects.toMatchObject({
      code: 'DISK_FULL',
      hint: expect.stringContaining('TART_HOME'),
    });
    expect((await bench.calls()).some((call) => call.startsWith('clone'))).toBe(false);
  });

  it.each([
    ['limit', 'The number of VMs exceeds the system limit', 'LIMIT_REACHED'],
    ['keychain', 'Error Domain=VZErrorDomain Code=1', 'BOOT_FAILED', 'security unlock-keychain'],
  ])('reports a run that ends at once: %s', async (fault, stderr, code, hint = 'tart stop a') => {
    const request = await requestFor();
    await bench.driver.clone(request, never);
    await bench.fault('run', fault);
    await expect(bench.driver.start(request.guest, never)).rejects.toMatchObject({
      code,
      exitCode: 1,
      stderrTail: expect.stringContaining(stderr),
      hint: expect.stringContaining(hint),
    });
    await bench.driver.delete(request.guest);
  });

  it('has no address while tart knows none', async () => {
    const request = await requestFor();
    await bench.driver.clone(request, never);
    await bench.driver.start(request.guest, never);
    await bench.fault('lease', 'truncated');
    expect(await bench.driver.address(request.guest, never)).toBeUndefined();
    await expect(bench.driver.dial(request.guest, 22, never)).rejects.toMatchObject({
      code: 'DIAL_FAILED',
      retry: 'safe',
    });
    await bench.driver.delete(request.guest);
  });

  it('deletes again while the VM still counts as running', async () => {
    const request = await requestFor();
    await bench.driver.clone(request, never);
    await bench.fault('fail-once-delete', `VM "${request.guest}" is running`);
    await bench.driver.delete(request.guest);
    expect((await bench.calls()).filter((call) => call.startsWith('delete'))).toHaveLength(2);
  });

  it('refuses a tart that is too old, with the command that mends it', async () => {
    await bench.fault('version', '2.20.0');
    await expect(resolve('base')).rejects.toMatchObject({
      code: 'TOOL_TOO_OLD',
      hint: expect.stringContaining('brew'),
    });
  });

  it('reports an unknown remote image', async () => {
    await bench.fault('pull', '404');
    await expect(resolve('ghcr.io/unknown/image:1')).rejects.toMatchObject({ code: 'IMAGE_DOWNLOAD_FAILED' });
  });
});
