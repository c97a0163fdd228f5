import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Inspector } from '../../src/inspector/index.ts';
import { VZVMSubstrate } from '../../src/substrate/index.ts';
import { startFakeGuest } from '../helpers/fake-guest.ts';
import { rejection } from '../helpers/rejection.ts';

const PROGRAM = fileURLToPath(new URL('./idle-program.ts', import.meta.url));

describe('the inspector', () => {
  it('holds no process up', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=source', PROGRAM], {
      timeout: 60_000,
    });
    expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/\n$/);
  });

  it('is one for all substrates of a process, and goes with the last of them', async () => {
    await using guest = await startFakeGuest();
    const told: string[] = [];
    const inspector = { onUrl: (url: string) => void told.push(url) };
    const one = new VZVMSubstrate({ ...guest.options, inspector });
    const other = new VZVMSubstrate({ ...guest.options, inspector });
    const without = new VZVMSubstrate(guest.options);
    const url = (await one.inspectorUrl()) ?? '';
    expect(await other.inspectorUrl()).toBe(url);
    expect(await without.inspectorUrl()).toBeUndefined();
    expect(told).toEqual([url, url]);
    await one.dispose();
    expect((await fetch(url)).status).toBe(200);
    await other.dispose();
    await without.dispose();
    expect(await rejection(fetch(url))).toBeDefined();
  });

  it('that cannot listen says so, and VMs boot all the same', async () => {
    await using guest = await startFakeGuest();
    await using first = new VZVMSubstrate({ ...guest.options, inspector: { onUrl: () => undefined } });
    const port = Number(new URL((await first.inspectorUrl()) ?? '').port);
    await first.dispose();
    const holder = new Inspector({ port });
    await holder.listen();
    const lines: string[] = [];
    await using substrate = new VZVMSubstrate({
      ...guest.options,
      inspector: { port },
      onLog: (line) => void lines.push(line),
    });
    const { shutdown } = await substrate.bootHarness({ envs: {} });
    expect(lines.join('\n')).toContain(`there is no inspector: port ${port} of the inspector is taken`);
    await shutdown();
    await holder.close();
  });
});
