import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BootedVm, VZVMSubstrate } from '../../src/index.ts';
import { preparedCache } from './cache.ts';
import { makePlace, NOTHING, type Place } from './outside.ts';
import { reasonToSkip } from './requirements.ts';

const reason = reasonToSkip();
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

describe.skipIf(reason !== undefined)(`a VM of another program${reason ? ` (${reason})` : ''}`, () => {
  let place: Place;
  let substrate: VZVMSubstrate;
  let booted: BootedVm;

  beforeAll(async () => {
    place = await makePlace();
    const cacheDir = await preparedCache(place.stateDir);
    substrate = new VZVMSubstrate({ driver: 'qemu', stateDir: place.stateDir, cacheDir, fork: 'never' });
    booted = await substrate.bootHarness({ envs: { SECRET: 'canary' } });
  });

  afterAll(async () => {
    await substrate.dispose();
    await place[Symbol.asyncDispose]();
  });

  /** The command, as whoever types it. */
  async function vzvm(args: readonly string[], input = '') {
    const child = spawn(process.execPath, ['--conditions=source', '--no-warnings', main, ...args], {
      env: { ...process.env, VZVM_HOME: place.stateDir },
      stdio: 'pipe',
    });
    child.stdin.end(input);
    const exit = once(child, 'exit') as Promise<[number]>;
    const [out, errors, [status]] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
    return { out, errors, status };
  }

  it('runs commands, with their input, output and exit status, and quotes what they are given', async () => {
    const { name } = booted.vm;
    const command = ['sh', '-c', 'cat; echo "$1" >&2; exit 5', 'sh', `it's $HOME & more`];
    expect(await vzvm(['exec', name, '--', ...command], 'in\n')).toEqual({
      out: 'in\n',
      errors: `it's $HOME & more\n`,
      status: 5,
    });
  });

  it('has a login shell', async () => {
    const { out, status } = await vzvm(['ssh', booted.vm.name], 'hostname; id -un; exit 4\n');
    expect(out).toContain('admin');
    expect(status).toBe(4);
  });

  it('shows its console and its harness’s log, in which no secret is', async () => {
    const { name } = booted.vm;
    expect((await vzvm(['logs', name])).out).toContain('vzvm: sshd is ready');
    const { out, status } = await vzvm(['logs', name, '--harness', '-n', '50']);
    expect(status).toBe(0);
    expect(out).toContain('listening');
    expect(out).not.toContain('canary');
  });

  it('is told of in a list and by itself, without a secret, and not removed by accident', async () => {
    const { name } = booted.vm;
    const ls = await vzvm(['ls', '--json']);
    expect(JSON.parse(ls.out)).toMatchObject([
      {
        name,
        driver: 'qemu',
        running: true,
        ownerPid: process.pid,
        isLeftOver: false,
        entry: { step: 'healthy' },
      },
    ]);
    const shown = await vzvm(['inspect', name]);
    expect(shown.out).toMatch(/^owner +process \d+$/m);
    for (const { out } of [ls, shown]) expect(out).not.toMatch(/PRIVATE KEY|token/i);
    expect(await vzvm(['rm', name])).toMatchObject({ status: 1 });
    expect((await vzvm(['gc'])).out).toBe('nothing was removed\n');
    expect(booted.vm.tags.has('ready')).toBe(true);
  });

  it('is not there under another name', async () => {
    for (const command of [['ssh'], ['logs'], ['exec']])
      expect(
        await vzvm([...command, 'ca-1-000000000000', ...(command[0] === 'exec' ? ['--', 'true'] : [])]),
      ).toMatchObject({
        status: 1,
        errors: expect.stringContaining('npx vzvm ls') as string,
      });
  });

  it('leaves nothing when its program ends it', async () => {
    await booted.shutdown();
    await substrate.dispose();
    expect(await place.look()).toEqual(NOTHING);
    expect((await vzvm(['ls'])).out).toBe('no VMs\n');
  });
});
