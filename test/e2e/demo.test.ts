import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshCache } from './cache.ts';
import { clonesOfPrepared } from './clones.ts';
import { makePlace, NOTHING, type Place } from './outside.ts';
import { reasonToSkip } from './requirements.ts';
import { demo } from './run-demo.ts';

const CARD = [
  'cloning',
  'booting',
  'ip-polling',
  'ssh-connect',
  'upload',
  'node-install',
  'npm-install',
  'spawn',
  'healthy',
  'disposing',
  'disposed',
];

const reason = reasonToSkip();

describe.skipIf(reason !== undefined)(`the demo${reason ? ` (${reason})` : ''}`, () => {
  let place: Place;
  let root: string;
  let cacheDir: string;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'e2e-cache-'));
    cacheDir = await freshCache(root);
  });

  afterAll(() => rm(root, { recursive: true, force: true }));

  beforeEach(async () => {
    place = await makePlace();
  });

  afterEach(() => place[Symbol.asyncDispose]());

  it('runs an agent turn in a real VM, fetches its file back, and leaves nothing', async () => {
    const report = await reportOf(place, cacheDir, '--no-fork');
    expect(report).toMatchObject({
      ok: true,
      driver: 'qemu',
      image: { ref: 'debian:12' },
      file: { path: 'hello.md', text: '# Hello\n\nWritten by an agent in its own VM.\n' },
      usage: { inputTokens: expect.any(Number) },
      leftovers: [],
    });
    expect(report.states.map(({ state }) => state)).toEqual(CARD);
    expect(report.states.filter(({ skipped }) => skipped)).toEqual([]);
    expect(await place.look()).toEqual(NOTHING);
  });

  it('starts the second time from the image that the first has kept', async () => {
    const report = await reportOf(place, cacheDir, '--no-fork');
    expect(report).toMatchObject({
      ok: true,
      image: { digest: expect.stringMatching(/^kept:/) },
      leftovers: [],
    });
    expect(report.states.map(({ state }) => state)).toEqual(CARD);
    const skipped = report.states.flatMap(({ state, skipped: was }) => (was ? [state] : []));
    expect(skipped).toEqual(['upload', 'node-install', 'npm-install']);
    expect(await place.look()).toEqual(NOTHING);
  });

  it('starts as a fork of a template, and does the same turn', async () => {
    for (const _ of ['makes the template', 'uses it']) {
      const report = await reportOf(place, cacheDir, '--fork');
      expect(report).toMatchObject({ ok: true, file: { path: 'hello.md' }, leftovers: [] });
      expect(report.states.map(({ state }) => state)).toEqual(CARD);
      const done = report.states.flatMap(({ state, skipped }) => (skipped ? [] : [state]));
      expect(done).toEqual(['booting', 'ip-polling', 'spawn', 'healthy', 'disposing', 'disposed']);
      expect(await place.look()).toEqual(NOTHING);
    }
  });

  it('gives each VM from that image an identity of its own, and leaves no login in it', async () => {
    const [one, other] = await clonesOfPrepared(place, cacheDir);
    expect(one?.machineId).toMatch(/^[0-9a-f]{32}$/);
    expect(one?.hostKey).toMatch(/^ssh-ed25519 /);
    expect(one?.machineId).not.toBe(other?.machineId);
    expect(one?.hostKey).not.toBe(other?.hostKey);
    expect(one).toMatchObject({ keys: 1, password: 'locked', logs: 0 });
    expect(await place.look()).toEqual(NOTHING);
  });

  it('ends with the VM gone when interrupted in the middle of a boot', async () => {
    const { code, stderr, running } = await demo(place, ['--verbose', '--no-fork'], {
      interruptAt: 'ssh-connect',
    });
    expect(running).toHaveLength(1);
    expect({ code, stderr }).toEqual({
      code: 130,
      stderr: expect.stringContaining('cancelled; the VM is gone'),
    });
    expect(await place.look()).toEqual(NOTHING);
  });
});

interface Report {
  readonly states: readonly { readonly state: string; readonly skipped?: boolean }[];
}

async function reportOf(place: Place, cacheDir: string, ...more: string[]): Promise<Report> {
  const { code, stdout, stderr } = await demo(place, ['--json', ...more], { cacheDir });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Report;
}
