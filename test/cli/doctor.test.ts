import { streams } from '../helpers/streams.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import type { Driver, Finding } from '../../src/drivers/driver.ts';
import { createFakeDriver } from '../../src/drivers/fake/index.ts';
import { VZVMSubstrate } from '../../src/substrate/index.ts';

async function doctor(check: Driver['check'], ...flags: string[]) {
  const driver: Driver = Object.assign(createFakeDriver(), { check });
  const out: string[] = [];
  const status = await runCli(['doctor', ...flags], {
    ...streams,
    signal: new AbortController().signal,
    out: (line) => void out.push(line),
    log: (line) => void out.push(line),
    substrate: (options) => new VZVMSubstrate({ ...options, driver, baseImage: 'fake', memoryMiB: 256 }),
  });
  return { status, out: out.join('\n') };
}

beforeEach(() => {
  vi.stubEnv('npm_config_registry', 'http://localhost:1/');
  // What answers has as long as it takes.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => void vi.useRealTimers().unstubAllEnvs());

const missing: Finding = { level: 'error', subject: 'tool', message: 'is not there', fix: 'install tool' };

describe('vzvm doctor', () => {
  it('says that all is well', async () => {
    const { status, out } = await doctor(() => Promise.resolve([{ ...missing, level: 'ok' }]));
    expect(status).toBe(0);
    expect(out).toMatch(/^ok +tool: is not there$/m);
    expect(out).toMatch(/^ok +memory: \d+ MiB available, 256 MiB for each VM$/m);
    expect(out).toMatch(/^note +prepared image: none made from fake/m);
  });

  it('fails with what mends it', async () => {
    const { status, out } = await doctor(() => Promise.resolve([missing]));
    expect(status).toBe(1);
    expect(out).toMatch(/^BAD +tool: is not there\n +install tool$/m);
  });

  it('answers programs with all findings', async () => {
    const { out } = await doctor(() => Promise.resolve([missing]), '--json');
    const findings = JSON.parse(out) as Finding[];
    expect(findings).toContainEqual(missing);
    expect(findings.map(({ subject }) => subject)).toEqual([
      'tool',
      'memory',
      'prepared image',
      'npm registry',
    ]);
  });

  it('answers also when the driver hangs, and when it throws', async () => {
    const heard = Promise.withResolvers<AbortSignal>();
    const asked = doctor((signal) => {
      heard.resolve(signal);
      return new Promise(() => undefined);
    });
    const signal = await heard.promise;
    await vi.advanceTimersByTimeAsync(799);
    expect(signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    const hung = await asked;
    expect(hung).toMatchObject({
      status: 1,
      out: expect.stringMatching(/BAD +fake: no answer within/) as string,
    });
    expect(signal.aborted).toBe(true);
    const broken = await doctor(() => Promise.reject(new Error('broken')));
    expect(broken).toMatchObject({ status: 1, out: expect.stringMatching(/BAD +fake: broken/) as string });
  });

  it('takes no other words', async () => {
    const { status } = await doctor(() => Promise.resolve([]));
    expect(status).toBe(0);
    expect(
      await runCli(['doctor', 'me'], {
        ...streams,
        signal: new AbortController().signal,
        out: () => 0,
        log: () => 0,
        substrate: () => new VZVMSubstrate(),
      }),
    ).toBe(64);
  });
});
