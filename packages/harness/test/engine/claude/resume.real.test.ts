import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  type MessagesRequest,
  startScriptedMessagesApi,
} from '../../../../../examples/scripted-messages-api.ts';
import { claudeEngine } from '../../../src/engine/claude/claude-engine.ts';
import { uuidV5 } from '../../../src/engine/claude/uuid-v5.ts';
import type { TranscriptStore } from '../../../src/engine/engine.ts';
import { claudeAgent, claudeEnvs } from '../../helpers/claude-session.ts';
import { engineRun, inputOf } from '../../helpers/engine-run.ts';
import { TestHarness } from '../../helpers/harness.ts';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'resume-test-'))));
afterEach(() => rm(folder, { recursive: true }));

type Entries = Record<string, unknown>[];

/** A store in memory; `rows` are what it holds, by session. */
function storeOf(rows = new Map<string, Entries>()) {
  const store: TranscriptStore = {
    append: async ({ sessionId, subpath }, entries) => {
      const key = `${sessionId}${subpath ?? ''}`;
      rows.set(key, [...(rows.get(key) ?? []), ...structuredClone(entries)]);
    },
    load: async ({ sessionId, subpath }) => rows.get(`${sessionId}${subpath ?? ''}`) ?? null,
    listSubkeys: async () => [],
  };
  return { rows, store };
}

/** One session on a machine of its own; returns what the model was asked, and the turns' results. */
async function converse(machine: string, text: string, change: Parameters<typeof engineRun>[0] = {}) {
  const [home, cwd] = [join(folder, machine), join(folder, machine, 'work')];
  await mkdir(cwd, { recursive: true });
  const asked: MessagesRequest[] = [];
  const results: string[] = [];
  const api = await startScriptedMessagesApi((request) => {
    if ((request.tools?.length ?? 0) > 1) asked.push(request);
    return [{ type: 'text', text: 'Understood.' }];
  });
  const message = (payload: unknown): void => {
    const { type, subtype } = payload as { type: string; subtype?: string };
    if (type === 'result') results.push(subtype ?? '');
  };
  const base = {
    sessionId: 'my-session',
    cwd,
    env: claudeEnvs(home, api.url),
    input: inputOf(text),
    message,
  };
  try {
    const outcome = await claudeEngine().run(engineRun({ ...base, ...change }));
    return { asked: JSON.stringify(asked.map(({ messages }) => messages)), results, outcome };
  } finally {
    await api.close();
  }
}

it('a conversation goes on, on another machine, from the store alone', async () => {
  const { rows, store } = storeOf();
  const first = await converse('one', 'The number is 4711.', { store });
  expect(first.results).toEqual(['success']);
  const engineId = uuidV5('my-session', 'f8d9cb1a-3e7e-4d8d-9aa4-1d3f8d7b6c2e');
  expect([...rows.keys()]).toEqual([engineId]);
  const second = await converse('two', 'Which number?', { store });
  expect(second.results).toEqual(['success']);
  expect(second.asked).toContain('The number is 4711.');
  expect(second.asked).toContain('Which number?');
  expect(JSON.stringify(rows.get(engineId))).toContain('Which number?');
});

it('a conversation that is stored under the session’s own id goes on there', async () => {
  const { rows, store } = storeOf();
  await converse('one', 'The number is 4711.', { store });
  const renamed = new Map([['my-session', [...rows.values()][0] ?? []]]);
  const second = await converse('two', 'Which number?', { store: storeOf(renamed).store });
  expect(second.asked).toContain('The number is 4711.');
  expect([...renamed.keys()]).toEqual(['my-session']);
});

it('an id that is used again without its store is a new conversation', async () => {
  await converse('one', 'The number is 4711.', { store: storeOf().store });
  const again = await converse('one', 'Which number?', { store: storeOf().store });
  expect(again.results).toEqual(['success']);
  expect(again.asked).not.toContain('4711');
});

it('a store that fails ends the session', async () => {
  const load = () => Promise.reject(new Error('the store is gone'));
  const store = { ...storeOf().store, load };
  await expect(converse('one', 'Hello', { store })).rejects.toThrow('the store is gone');
});

it('a budget that is used up ends the session, with what it cost', async () => {
  const usage: unknown[] = [];
  const spent = await converse('one', 'Hello', {
    options: { maxBudgetUsd: 0.000001, model: 'claude-sonnet-4-5' },
    input: inputOf('Hello', 'And again'),
    usage: (one) => usage.push(one),
  });
  expect(spent.outcome).toBe('budget_exceeded');
  expect(spent.results.at(-1)).toBe('error_max_budget_usd');
  expect(usage.at(-1)).toMatchObject({ costUsd: expect.any(Number), costSemantic: 'cumulative' });
});

it('a session of the same id and store goes on after the one before was deleted', async () => {
  const asked: string[] = [];
  const api = await startScriptedMessagesApi(({ tools, messages }) => {
    if ((tools?.length ?? 0) > 1) asked.push(JSON.stringify(messages));
    return [{ type: 'text', text: 'Understood.' }];
  });
  await using harness = await TestHarness.start({ engines: [claudeEngine()] });
  const turn = async (text: string) => {
    const body = claudeAgent({ envs: claudeEnvs(folder, api.url) });
    const id = await harness.create({ ...body, sessionId: 'same', sessionStore: { kind: 'memory' } });
    await harness.send(id, text);
    await harness.request(`/v1/sessions/${id}/end-input`, { method: 'POST' });
    const ended = (await harness.allFrames(id)).at(-1)?.event;
    const workdir = await harness.workdir();
    await harness.request(`/v1/sessions/${id}`, { method: 'DELETE' });
    return { ended, workdir };
  };
  const first = await turn('The number is 4711.');
  const second = await turn('Which number?');
  await api.close();
  expect([first.ended, second.ended]).toMatchObject([{ reason: 'complete' }, { reason: 'complete' }]);
  expect(second.workdir).toBe(first.workdir);
  expect(asked.at(-1)).toContain('The number is 4711.');
});
