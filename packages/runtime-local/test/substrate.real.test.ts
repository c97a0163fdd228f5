import { describe, expect, it } from 'vitest';
import { until } from '../../../test/helpers/until.ts';
import { LocalSubstrate, LocalSubstrateError } from '../src/index.ts';
import { TestSubstrate } from './helpers/local.ts';
import { visibleOf } from './helpers/marked.ts';
import { program, type PROGRAMS } from './helpers/programs.ts';

const KEY = 'sk-ant-of-this-test';
const envs = { KEY };

/** A substrate whose harness is one of the programs of the tests. */
const running = (name: keyof typeof PROGRAMS, options: object = {}) =>
  TestSubstrate.make(async (folder) => ({
    bundlePath: await program(folder, name),
    shutdownGraceMs: 100,
    ...options,
  }));

const failure = (work: Promise<unknown>): Promise<LocalSubstrateError> =>
  work.then(
    () => expect.unreachable('it resolved'),
    (error: LocalSubstrateError) => error,
  );

describe('a local harness', () => {
  it('answers on loopback to whoever has its URL, and is gone after its shutdown', async () => {
    await using local = await TestSubstrate.make();
    const harness = await local.substrate.bootHarness({ envs });
    const { baseUrl } = harness;
    expect(baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/t\/[\w-]{32}$/);
    const health = await fetch(`${baseUrl}/v1/health`);
    expect(await health.json()).toMatchObject({ ok: true, engines: { 'claude-agent-sdk': {} } });
    const { origin } = new URL(baseUrl);
    expect((await fetch(`${origin}/v1/sessions/any`)).status).toBe(401);

    const [pid, ...more] = local.processes();
    expect(more).toEqual([]);
    const token = baseUrl.split('/').at(-1) as string;
    for (const text of [visibleOf(pid as number), local.lines.join('\n')]) {
      expect(text).not.toContain(token);
      expect(text).not.toContain(KEY);
    }
    const ended = harness.shutdown();
    expect(harness.shutdown()).toBe(ended);
    await ended;
    expect(local.processes()).toEqual([]);
    await expect(fetch(`${origin}/v1/health`)).rejects.toThrow('fetch failed');
  });

  it('has as many sessions as it is told', async () => {
    await using local = await TestSubstrate.make(() => ({ maxSessions: 1 }));
    const { baseUrl } = await local.substrate.bootHarness({ envs: {} });
    const source = { type: 'inline', manifest: { name: 'a', version: '1.0.0' } };
    const identity = { loader: 'gitagentprotocol', source };
    const body = JSON.stringify({ engine: 'claude-agent-sdk', identity, streamingInput: true });
    const headers = { 'content-type': 'application/json' };
    const create = async () =>
      (await fetch(`${baseUrl}/v1/sessions`, { method: 'POST', headers, body })).status;
    expect([await create(), await create()]).toEqual([201, 429]);
    await local.substrate.dispose();
    expect(await local.workdirs()).toEqual([]);
  });

  it('shares nothing with the next one', async () => {
    await using local = await TestSubstrate.make();
    const [one, two] = await Promise.all([1, 2].map(() => local.substrate.bootHarness({ envs: {} })));
    await one?.shutdown();
    expect((await fetch(`${two?.baseUrl}/v1/health`)).status).toBe(200);
    await local.substrate.dispose();
    expect(local.processes()).toEqual([]);
  });

  it('is ended with all that it has started, though none of it ends when asked', async () => {
    // On a busy machine it may be over before it says a word: then it is given longer.
    for (let shutdownGraceMs = 100; ; shutdownGraceMs *= 4) {
      await using local = await running('stubborn', { shutdownGraceMs });
      const harness = await local.substrate.bootHarness({ envs });
      // Itself, a child in its group, and one in a session of its own; each says when it no longer heeds.
      await until('all three run', () => local.lines.length === 2);
      expect(local.processes()).toHaveLength(3);
      await harness.shutdown();
      expect(local.processes()).toEqual([]);
      if (local.lines.at(-1) === 'asked to end') return;
    }
  });

  it('takes what it has started with it, too, when it is killed by somebody else', async () => {
    await using local = await running('stubborn');
    await local.substrate.bootHarness({ envs });
    await until('all three run', () => local.lines.length === 2);
    const leader = local.processes().find((pid) => !local.lines.includes(String(pid)));
    process.kill(leader as number, 'SIGKILL');
    await until('nothing is left', () => local.processes().length === 0);
    expect(local.lines).not.toContain('asked to end');
  });

  it('is ended by the signal of its substrate, and not by the one of its boot', async () => {
    const all = new AbortController();
    const boot = new AbortController();
    await using local = await running('stubborn', { signal: all.signal });
    await local.substrate.bootHarness({ envs, signal: boot.signal });
    boot.abort();
    expect(local.processes().length).toBeGreaterThan(0);
    all.abort();
    await local.substrate.dispose();
    expect(local.processes()).toEqual([]);
  });
});

describe('a boot that fails', () => {
  it('tells how the harness ended and the end of its log, without secrets', async () => {
    await using local = await running('failing');
    const error = await failure(local.substrate.bootHarness({ envs }));
    expect(error).toBeInstanceOf(LocalSubstrateError);
    expect(error).toMatchObject({ code: 'HARNESS_EXITED', facts: { exitCode: 3 } });
    expect(error.logTail?.split('\n')).toHaveLength(20);
    expect(error.message).toContain('line 99');
    expect(error.logTail).toContain('the key is ***');
    expect(JSON.stringify([error.message, error.logTail, local.lines])).not.toContain(KEY);
    expect(local.processes()).toEqual([]);
  });

  it('has a deadline, and nothing runs after it', async () => {
    await using local = await running('silent', { readinessTimeoutMs: 500 });
    const error = await failure(local.substrate.bootHarness({ envs }));
    expect(error).toMatchObject({ code: 'READINESS_TIMEOUT', facts: { readinessTimeoutMs: 500 } });
    expect(local.processes()).toEqual([]);
  });

  it('rejects with the reason when it is taken back', async () => {
    const abort = new AbortController();
    await using local = await running('silent');
    const booting = local.substrate.bootHarness({ envs, signal: abort.signal });
    const rejected = failure(booting);
    await until('it runs', () => local.lines.length > 0);
    const reason = new Error('enough');
    abort.abort(reason);
    expect(await rejected).toBe(reason);
    expect(local.processes()).toEqual([]);
    expect(await failure(local.substrate.bootHarness({ envs, signal: abort.signal }))).toBe(reason);
  });

  it('is waited for by whoever disposes of the substrate', async () => {
    await using local = await running('silent');
    const rejected = failure(local.substrate.bootHarness({ envs }));
    await until('it runs', () => local.lines.length > 0);
    await local.substrate.dispose();
    expect(local.processes()).toEqual([]);
    expect(await rejected).toMatchObject({ name: 'AbortError' });
  });

  it('names what cannot be started', async () => {
    await using none = await TestSubstrate.make(() => ({ nodePath: '/nowhere/node' }));
    expect(await failure(none.substrate.bootHarness({ envs }))).toMatchObject({
      code: 'SPAWN_FAILED',
      hint: expect.stringContaining('nodePath'),
    });
    await using missing = await TestSubstrate.make(() => ({ bundlePath: '/nowhere/harness.mjs' }));
    expect(await failure(missing.substrate.bootHarness({ envs }))).toMatchObject({
      code: 'OPTION_INVALID',
      facts: { option: 'bundlePath' },
    });
    await using strange = await running('strange');
    expect(await failure(strange.substrate.bootHarness({ envs }))).toMatchObject({
      code: 'SPAWN_FAILED',
      hint: expect.stringContaining('--config-stdin'),
    });
    expect(strange.processes()).toEqual([]);
  });
});

describe('the options', () => {
  const told = (options: object): unknown => {
    try {
      return new LocalSubstrate(options);
    } catch (error) {
      return error;
    }
  };

  it('name the nearest valid one', () => {
    expect(told({ bundelPath: 'x' })).toMatchObject({
      code: 'OPTION_INVALID',
      message: 'unknown option bundelPath',
      hint: 'did you mean bundlePath?',
    });
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '5'])(
    'refuse a wait of %s',
    (value) => {
      expect(told({ readinessTimeoutMs: value })).toMatchObject({ facts: { option: 'readinessTimeoutMs' } });
    },
  );

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5'])('refuse %s sessions', (value) => {
    expect(told({ maxSessions: value })).toMatchObject({
      code: 'OPTION_INVALID',
      facts: { option: 'maxSessions' },
      hint: 'give maxSessions as a whole number from 1',
    });
  });
});
