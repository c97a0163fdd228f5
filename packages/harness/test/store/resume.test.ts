import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StoreKind } from '../../src/store/store.ts';
import { rejection, TestHarness } from '../helpers/harness.ts';
import { type Known, remembering } from '../helpers/remembering-engine.ts';
import { scriptedEngine } from '../helpers/scripted-engine.ts';

const engines = [remembering];

/** One session from its creation to its end; answers what its engine knew at first. */
async function session(harness: TestHarness, sessionStore: unknown, says: readonly string[]): Promise<Known> {
  const messages = says.map((content) => ({ role: 'user', content }));
  const id = await harness.create({ sessionId: 'mine', messages, sessionStore });
  const [, ...frames] = await harness.allFrames(id);
  expect(frames.at(-1)?.event).toMatchObject({ kind: 'ca_session_ended', reason: 'complete' });
  const first = frames.find(({ event }) => event.kind === 'sdk_message')?.event;
  return (first as unknown as { readonly payload: Known }).payload;
}

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'store-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

describe('without a store', () => {
  it('an engine has none', async () => {
    await using harness = await TestHarness.start({ engines });
    expect(await session(harness, undefined, ['a'])).toEqual({ type: 'assistant', subpaths: [], subs: [] });
  });
});

describe('the memory store', () => {
  it('lets a session go on with what an earlier one of its id has written, sub-agents apart', async () => {
    await using harness = await TestHarness.start({ engines });
    const store = { kind: 'memory' };
    expect(await session(harness, store, ['a'])).toMatchObject({ known: null, subpaths: [], subs: [] });
    const second = await session(harness, store, ['b', 'a']);
    expect(second.known?.map(({ content }) => content)).toEqual(['a']);
    expect(second.subpaths).toEqual(['subagents/one']);
    const third = await session(harness, store, []);
    // What has an id is there once, what has none each time.
    expect(third.known?.map(({ content }) => content)).toEqual(['a', 'b']);
    expect(third.subs[0]?.map(({ content }) => content)).toEqual(['a', 'b', 'a']);
  });

  it('outlives its session, also a deleted one, but not its harness', async () => {
    await using harness = await TestHarness.start({ engines });
    await session(harness, { kind: 'memory' }, ['a']);
    await harness.request('/v1/sessions/mine', { method: 'DELETE' });
    expect((await session(harness, { kind: 'memory' }, [])).known).toHaveLength(1);
    await using other = await TestHarness.start({ engines });
    expect((await session(other, { kind: 'memory' }, [])).known).toBeNull();
  });

  it('is of one session: another id knows nothing', async () => {
    await using harness = await TestHarness.start({ engines });
    await session(harness, { kind: 'memory' }, ['a']);
    const id = await harness.create({ sessionId: 'another', sessionStore: { kind: 'memory' } });
    const frames = await harness.allFrames(id);
    expect(frames[1]?.event).toMatchObject({ payload: { known: null } });
  });
});

describe('the file store', () => {
  it('outlives its harness', async () => {
    await using folder = await temporaryFolder();
    const store = { kind: 'file', options: { root: join(folder.path, 'new', 'store') } };
    for (const [known, says] of [
      [undefined, 'a'],
      [['a'], 'b'],
      [['a', 'b'], 'b'],
      [['a', 'b'], 'c'],
    ] as const) {
      await using harness = await TestHarness.start({ engines });
      const seen = await session(harness, store, [says]);
      expect(seen.known?.map(({ content }) => content)).toEqual(known);
    }
    await using harness = await TestHarness.start({ engines });
    const { subpaths, subs } = await session(harness, store, []);
    expect(subpaths).toEqual(['subagents/one']);
    expect(subs[0]?.map(({ content }) => content)).toEqual(['a', 'b', 'b', 'c']);
    const names = await readdir(store.options.root);
    expect(names.every((name) => /^[0-9a-f]{32}(\.[0-9a-f]{32})?\.jsonl$/.test(name))).toBe(true);
  });

  it('needs a folder of its own', async () => {
    await using harness = await TestHarness.start({ engines });
    const create = (options: unknown) =>
      rejection(harness.tryCreate({ sessionStore: { kind: 'file', options } }));
    expect(await create(undefined)).toEqual([400, 'VALIDATION']);
    expect(await create({ root: '' })).toEqual([400, 'VALIDATION']);
    expect(await create({ root: '/dev/null' })).toEqual([400, 'VALIDATION']);
    expect(await create({ root: '/etc' })).toEqual([400, 'VALIDATION']);
    expect(await harness.workdirs()).toEqual([]);
  });
});

describe('a working directory', () => {
  it('is at the same place for a session that goes on, and is new each time', async () => {
    const places: string[] = [];
    const looking = scriptedEngine(async ({ cwd }) => void places.push(cwd));
    await using harness = await TestHarness.start({ engines: [looking] });
    const body = { sessionId: 'mine', sessionStore: { kind: 'memory' } };
    for (let round = 0; round < 2; round += 1) {
      const id = await harness.create(body);
      await harness.allFrames(id);
      await harness.request(`/v1/sessions/${id}/fs/file?path=left.txt`, { method: 'PUT', body: 'x' });
    }
    expect(places[1]).toBe(places[0]);
    await harness.create(body);
    const left = harness.request('/v1/sessions/mine/fs/file?path=left.txt');
    expect(await rejection(left)).toEqual([404, 'NOT_FOUND']);
  });

  it('is elsewhere while somebody else has that place', async () => {
    await using one = await TestHarness.start();
    await using other = await TestHarness.start({ workdirBase: one.folder });
    const body = { sessionId: 'mine', sessionStore: { kind: 'memory' } };
    await one.create(body);
    await other.create(body);
    expect(await one.workdirs()).toHaveLength(2);
    await other.request('/v1/sessions/mine', { method: 'DELETE' });
    expect(await one.workdirs()).toEqual(['mine']);
  });
});

describe('a store that fails', () => {
  const failing = (what: 'load' | 'append'): StoreKind => ({
    name: 'failing',
    open: () => ({
      append: () =>
        what === 'append' ? Promise.reject(new Error('disk sk-secret full')) : Promise.resolve(),
      load: () => (what === 'load' ? Promise.reject(new Error('no such bucket')) : Promise.resolve(null)),
      listSubkeys: () => Promise.resolve([]),
    }),
  });

  it.each(['load', 'append'] as const)('at %s ends the session with an error', async (what) => {
    await using harness = await TestHarness.start({ engines, stores: [failing(what)] });
    const messages = [{ role: 'user', content: 'a' }];
    const envs = { KEY: 'sk-secret' };
    const id = await harness.create({ messages, envs, sessionStore: { kind: 'failing' } });
    const ended = (await harness.allFrames(id)).at(-1)?.event;
    expect(ended).toMatchObject({
      reason: 'error',
      errorMessage: expect.stringMatching(/bucket|disk \*\*\*/),
    });
  });

  it('ends the session of an engine that goes on without it, at the third time', async () => {
    let appends = 0;
    const stubborn = scriptedEngine(async ({ store, signal }) => {
      while (!signal.aborted) {
        appends += 1;
        await store?.append({ projectKey: 'p', sessionId: 's' }, [{ type: 'x' }]).catch(() => undefined);
      }
    });
    await using harness = await TestHarness.start({ engines: [stubborn], stores: [failing('append')] });
    const id = await harness.create({ sessionStore: { kind: 'failing' } });
    const ended = (await harness.allFrames(id)).at(-1)?.event;
    expect(ended).toMatchObject({ reason: 'error', errorMessage: expect.stringContaining('session store') });
    expect(appends).toBe(3);
    const flush = harness.request(`/v1/sessions/${id}/flush`, { method: 'POST' });
    expect(await rejection(flush)).toEqual([500, 'STORE_FAILED']);
    expect(await (await harness.request(`/v1/sessions/${id}`)).json()).toMatchObject({ status: 'errored' });
  });

  it('leaves other sessions alone', async () => {
    await using harness = await TestHarness.start({ engines, stores: [failing('load')] });
    const broken = await harness.create({ sessionStore: { kind: 'failing' } });
    const whole = await harness.create({ sessionStore: { kind: 'memory' } });
    expect((await harness.allFrames(broken)).at(-1)?.event).toMatchObject({ reason: 'error' });
    expect((await harness.allFrames(whole)).at(-1)?.event).toMatchObject({ reason: 'complete' });
  });
});

describe('entries of a store', () => {
  const garbage = [null, 7, { type: '' }, { no: 'type' }, { type: 'user', content: 'a' }];
  const odd: StoreKind = {
    name: 'odd',
    open: () => ({
      append: () => Promise.resolve(),
      load: () => Promise.resolve(garbage as Record<string, unknown>[]),
      listSubkeys: () => Promise.resolve([]),
    }),
  };

  it('are passed on as they are, unless they are to be checked', async () => {
    await using harness = await TestHarness.start({ engines, stores: [odd] });
    expect((await session(harness, { kind: 'odd' }, [])).known).toEqual(garbage);
    await using strict = await TestHarness.start({ engines, stores: [odd], validateStoreEntries: true });
    expect((await session(strict, { kind: 'odd' }, [])).known).toEqual(garbage.slice(-1));
  });
});
