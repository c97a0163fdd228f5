import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { createFakeDriver, type FakeDriver } from '../../src/drivers/fake/index.ts';
import { VzvmError } from '../../src/errors.ts';
import { VZVMSubstrate, type VZVMSubstrateOptions } from '../../src/substrate/index.ts';
import { startFakeGuest } from '../helpers/fake-guest.ts';
import { streams } from '../helpers/streams.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/until.ts';

const CANARY = 'canary-5b1f-secret';

/** A command line over VMs of these options. */
function cli(options: VZVMSubstrateOptions, signal = new AbortController().signal) {
  const [out, log]: [string[], string[]] = [[], []];
  const run = (...argv: string[]) =>
    runCli(argv, {
      signal,
      ...streams,
      stderr: Object.assign(Object.create(process.stderr) as NodeJS.WriteStream, {
        isTTY: false,
        write: (text: string) => log.push(text) > 0,
      }),
      stdout: Object.assign(Object.create(process.stdout) as NodeJS.WriteStream, { isTTY: false }),
      out: (line) => void out.push(line),
      log: (line) => void log.push(line),
      substrate: (more) => new VZVMSubstrate({ ...more, ...options }),
    });
  return { run, out, log };
}

const failing = (driver: FakeDriver = createFakeDriver({ script: { start: full } })) =>
  ({ driver, baseImage: 'fake', prepare: 'never' }) as const;
const full = new VzvmError('DISK_FULL', 'no space left', { hint: 'make room: df -h', exitCode: 28 });

describe('a trace of a boot', () => {
  it('is recorded to the end of a VM, without a secret, readable by nobody else', async () => {
    await using temp = await tempDir();
    await using guest = await startFakeGuest();
    const trace = join(temp.path, 'boot.ndjson');
    const options = { ...guest.options, sshPassword: `${CANARY}-password` };
    const substrate = new VZVMSubstrate({ ...options, trace });
    const { baseUrl, vm, shutdown } = await substrate.bootHarness({ envs: { ANTHROPIC_API_KEY: CANARY } });
    await shutdown();
    const text = await readFile(trace, 'utf8');
    expect((await stat(trace)).mode & 0o777).toBe(0o600);
    expect(text).not.toContain(CANARY);
    expect(text).not.toContain(baseUrl.split('/t/')[1]);
    await substrate.dispose();
    const { run, out } = cli({});
    expect(await run('trace', trace, '--json')).toBe(0);
    const { vms, gaps } = JSON.parse(out.join('\n')) as {
      vms: { steps: { name: string }[] }[];
      gaps: unknown;
    };
    expect({ gaps, count: vms.length }).toEqual({ gaps: [], count: 1 });
    expect(vms[0]).toMatchObject({ name: vm.name, end: 'disposed', disposeReason: 'shutdown', problems: [] });
    expect(vms[0]?.steps.map(({ name }) => name)).toEqual(
      vm.timeline.map(({ state }) => state).filter((state) => state !== 'disposed'),
    );
  });

  it('tells where a boot failed and why, as soon as it has failed', async () => {
    await using temp = await tempDir();
    const trace = join(temp.path, 'boot.ndjson');
    await using substrate = new VZVMSubstrate({ ...failing(), trace });
    await expect(substrate.bootHarness({ envs: {} })).rejects.toThrow('no space left');
    const { run, out } = cli({});
    expect(await run('trace', trace)).toBe(0);
    expect(out).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^VM ca-\S+ \(fake, none\) from fake$/),
        expect.stringMatching(/^ {2}✓ cloning {7}\d/),
        expect.stringMatching(/^ {2}✗ booting {7}\d/),
        '  failed in booting: DISK_FULL: no space left',
        '  exit code 28',
        '  → make room: df -h',
      ]),
    );
  });

  it('hides a secret that an error has quoted', async () => {
    await using temp = await tempDir();
    const trace = join(temp.path, 'boot.ndjson');
    const quoting = new VzvmError('BOOT_FAILED', `no ${CANARY} here`, { stderrTail: `key=${CANARY}` });
    const driver = createFakeDriver({ script: { start: quoting } });
    await using substrate = new VZVMSubstrate({ ...failing(driver), trace });
    await expect(substrate.bootHarness({ envs: { KEY: CANARY } })).rejects.toThrow('no canary');
    const text = await readFile(trace, 'utf8');
    expect(text).toContain('BOOT_FAILED');
    expect(text).not.toContain(CANARY);
  });

  it('fails no boot, whatever is wrong with the file', async () => {
    await using temp = await tempDir();
    await using guest = await startFakeGuest();
    const lines: string[] = [];
    for (const trace of [join(temp.path, 'no', 'folder'), temp.path, '/dev/null']) {
      await using substrate = new VZVMSubstrate({
        ...guest.options,
        trace,
        onLog: (line) => void lines.push(line),
      });
      const { vm } = await substrate.bootHarness({ envs: {} });
      expect([...vm.tags]).toEqual(['ready']);
    }
    expect(lines.filter((line) => line.includes('is not whole'))).toHaveLength(3);
  });

  it('has the VMs of its own substrate alone', async () => {
    await using temp = await tempDir();
    const files = ['one', 'other'].map((name) => join(temp.path, name));
    for (const trace of files) {
      await using substrate = new VZVMSubstrate({ ...failing(), trace });
      await expect(substrate.bootHarness({ envs: {} })).rejects.toThrow('no space left');
    }
    const names = await Promise.all(
      files.map(async (file) => new Set((await readFile(file, 'utf8')).match(/ca-[\w-]+/g)).size),
    );
    expect(names).toEqual([1, 1]);
  });
});

describe('vzvm trace', () => {
  it('boots a VM to record it, and removes it', async () => {
    await using temp = await tempDir();
    await using guest = await startFakeGuest();
    const { run, out } = cli(guest.options);
    expect(await run('trace', join(temp.path, 'boot.ndjson'), '--record')).toBe(0);
    expect(out.join('\n')).toMatch(/✓ spawn .*\n.*✓ healthy .*\n.*✓ disposing/);
    expect(await guest.driver.list()).toEqual([]);
  });

  it('records a boot that fails, tells why, and has failed', async () => {
    await using temp = await tempDir();
    const { run, out } = cli(failing());
    expect(await run('trace', join(temp.path, 'boot.ndjson'), '--record')).toBe(1);
    expect(out).toContain('  failed in booting: DISK_FULL: no space left');
  });

  it('boots no VM to record it into a file that is no trace', async () => {
    await using temp = await tempDir();
    await writeFile(join(temp.path, 'thesis'), 'mine');
    const driver = createFakeDriver();
    const { run, log } = cli(failing(driver));
    expect(await run('trace', join(temp.path, 'thesis'), '--record')).toBe(1);
    expect(log.join('')).toContain('its first line is not that of a trace');
    expect(driver.calls).toEqual([]);
    expect(await readFile(join(temp.path, 'thesis'), 'utf8')).toBe('mine');
  });

  it('says why nothing could be recorded', async () => {
    await using temp = await tempDir();
    const { run, log } = cli(failing());
    expect(await run('trace', join(temp.path, 'no', 'folder'), '--record')).toBe(1);
    expect(log.join('')).toMatch(/is not whole: ENOENT/);
  });

  it('refuses what is no trace, and more or less than one file', async () => {
    await using temp = await tempDir();
    await writeFile(join(temp.path, 'x'), 'x');
    const { run, log } = cli({});
    expect(await run('trace', join(temp.path, 'x'))).toBe(1);
    expect(log.join('\n')).toContain('OPTION_INVALID');
    expect(await run('trace')).toBe(64);
    expect(await run('trace', 'a', 'b')).toBe(64);
  });

  it('sends a terminal nothing that moves it', async () => {
    await using temp = await tempDir();
    const trace = join(temp.path, 'boot.ndjson');
    const bad = new VzvmError('BOOT_FAILED', 'a \u001b[2Jscreen\u0007 and \u009b31m more');
    await using substrate = new VZVMSubstrate({
      ...failing(createFakeDriver({ script: { start: bad } })),
      trace,
    });
    await expect(substrate.bootHarness({ envs: {} })).rejects.toThrow('screen');
    const { run, out } = cli({});
    await run('trace', trace);
    expect(out.join('')).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/); // oxlint-disable-line no-control-regex
  });
});

describe('vzvm replay', () => {
  it('serves the page and the records of a trace until it is interrupted', async () => {
    await using temp = await tempDir();
    const trace = join(temp.path, 'boot.ndjson');
    await using substrate = new VZVMSubstrate({ ...failing(), trace });
    await expect(substrate.bootHarness({ envs: {} })).rejects.toThrow('no space left');
    const abort = new AbortController();
    const { run, out } = cli({}, abort.signal);
    const ended = run('replay', trace);
    await until('it listens', () => out.length > 0);
    const url = out[0] ?? '';
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/$/);
    expect(await (await fetch(`${url}about`)).json()).toMatchObject({
      kind: 'recording',
      title: 'boot.ndjson',
    });
    const records = (await (await fetch(`${url}records`)).json()) as { kind: string }[];
    expect(records[0]).toMatchObject({ kind: 'vm' });
    expect(JSON.stringify(records)).toContain('DISK_FULL');
    expect((await fetch(`${url}events`)).status).toBe(404);
    abort.abort();
    expect(await ended).toBe(0);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  it('refuses a port that is none, or is taken', async () => {
    await using temp = await tempDir();
    const { run, log } = cli({}, AbortSignal.abort());
    expect(await run('replay', join(temp.path, 'none'), '--port', 'x')).toBe(64);
    expect(await run('replay', join(temp.path, 'none'))).toBe(1);
    expect(log.join('\n')).toContain('there is no such file');
  });
});
