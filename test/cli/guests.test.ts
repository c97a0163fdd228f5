import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { streams } from '../helpers/streams.ts';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { createFakeDriver } from '../../src/drivers/fake/index.ts';
import { newGuestName } from '../../src/drivers/guest-name.ts';
import { VZVMSubstrate } from '../../src/substrate/index.ts';

const never = new AbortController().signal;

/** A process id that nobody has any more. */
async function pidOfTheDead(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? 0;
}

/** A guest of ours, which is in use, and one of a program that is gone. */
async function setUp() {
  const driver = createFakeDriver();
  const image = await driver.resolveImage('fake', { signal: never, log: () => undefined });
  const [used, left] = [newGuestName(), newGuestName(await pidOfTheDead())];
  for (const guest of [used, left]) {
    const resources = { cpu: 1, memoryMiB: 256 };
    await driver.clone({ image, guest, resources, user: 'admin', authorizedKey: '' }, never);
    await driver.start(guest, never);
  }
  const vzvm = async (...argv: string[]) => {
    const [out, log]: [string[], string[]] = [[], []];
    const status = await runCli(argv, {
      signal: never,
      ...streams,
      out: (line) => void out.push(line),
      log: (line) => void log.push(line),
      substrate: (options) => new VZVMSubstrate({ ...options, driver, baseImage: 'fake' }),
    });
    return { status, out: out.join('\n'), log: log.join('\n') };
  };
  const names = async () => (await driver.list()).map(({ name }) => name);
  return { vzvm, names, used, left };
}

describe('the VMs of a machine', () => {
  it('are listed with whose they are', async () => {
    const { vzvm, used, left } = await setUp();
    const { status, out } = await vzvm('ls');
    expect(status).toBe(0);
    expect(out).toMatch(new RegExp(`^${used} +fake +running +process ${process.pid}$`, 'm'));
    expect(out).toMatch(new RegExp(`^${left} +fake +running +gone: vzvm gc removes it$`, 'm'));
    const json = JSON.parse((await vzvm('ls', '--json')).out) as { name: string; isLeftOver: boolean }[];
    expect(json).toContainEqual(expect.objectContaining({ name: left, running: true, isLeftOver: true }));
    expect(json).toContainEqual(expect.objectContaining({ name: used, isLeftOver: false }));
  });

  it('are removed by gc where their program is gone, and only there', async () => {
    const { vzvm, names, used, left } = await setUp();
    expect(await vzvm('gc', '--dry-run')).toMatchObject({ status: 0, out: `would remove ${left}` });
    expect(await names()).toHaveLength(2);
    expect(await vzvm('gc')).toMatchObject({ status: 0, out: `removed ${left}` });
    expect(await names()).toEqual([used]);
    expect(await vzvm('gc', '--json')).toMatchObject({ out: '{"removed":[],"problems":[]}' });
  });

  it('are removed by name; one in use only by force, and one problem keeps nobody from the rest', async () => {
    const { vzvm, names, used, left } = await setUp();
    const refused = await vzvm('rm', used, left);
    expect(refused).toMatchObject({ status: 1, out: `removed ${left}` });
    expect(refused.log).toContain(`${used} is in use by process ${process.pid}`);
    expect(await vzvm('rm', used, '--force')).toMatchObject({ status: 0 });
    expect(await names()).toEqual([]);
    expect(await vzvm('rm', used)).toMatchObject({ status: 1, log: `vzvm: there is no VM ${used}` });
    expect(await vzvm('rm')).toMatchObject({ status: 64 });
    expect(await vzvm('ls')).toMatchObject({ out: 'no VMs' });
  });
});
