import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { createApp, type Engine, type IdentityLoader } from '@computeragent/harness';
import type { TranscriptSeedLine } from '@computeragent/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HarnessClient } from '../../src/client.ts';
import { reconnectOf, timeoutsOf } from '../../src/options.ts';
import type { TranscriptRecord } from '../../src/store/host-store.ts';
import { TranscriptMirror } from '../../src/store/mirror.ts';
import { ChaosProxy, FAULTS, type Fault } from '../helpers/chaos-proxy.ts';

/** The harness names the project itself. */
const MAIN = { projectKey: 'computeragent', sessionId: 'e' };
const SUB = { ...MAIN, subpath: 'sub' };
const RECORDS: readonly TranscriptSeedLine[] = [
  { key: MAIN, entries: [{ text: 'grüß 🎉\r\n' }] },
  { key: SUB, entries: [{ n: 1 }, { n: 2 }] },
  { key: MAIN, entries: [{}] },
];

/** Writes down the records, and ends. */
const engine: Engine = {
  name: 'scripted',
  capabilities: {
    streamingInput: true,
    partialMessages: false,
    permissionCallback: false,
    sessions: true,
    budget: false,
  },
  async run({ store }) {
    for (const { key, entries } of RECORDS) await store?.append(key, entries);
    return 'complete';
  },
};

/** Reads nothing: there are as many sessions as bytes. */
const nobody: IdentityLoader = {
  name: 'nobody',
  load: async () => ({ name: 'n', version: '1.0.0', options: {}, humanInTheLoop: 'none', warnings: [] }),
};

let folder: string;
let app: ReturnType<typeof createApp>;
let proxy: ChaosProxy;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sdk-store-chaos-'));
  app = createApp({ engines: [engine], loaders: [nobody], maxSessions: Infinity, workdirBase: folder });
  proxy = await ChaosProxy.start((request) => app.fetch(request));
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await app.close();
  await rm(folder, { recursive: true });
});

const at = (path: string, init?: RequestInit): Promise<Response> =>
  app.fetch(new Request(`http://127.0.0.1/v1/sessions${path}`, init));

/** A session whose engine has written all that it will. A transcript is kept until its reader has it: each has its own. */
async function played(sessionId: string): Promise<void> {
  const identity = { loader: 'nobody', source: { type: 'local', path: '/' } };
  const body = JSON.stringify({ sessionId, engine: 'scripted', identity, sessionStore: { kind: 'host' } });
  await at('', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  await (await at(`/${sessionId}/events`)).text();
}

/** What a store is given of a session that is followed at this address. */
async function storedFrom(baseUrl: string, id: string): Promise<TranscriptRecord[]> {
  const options = { source: '', harness: '', reconnect: { pauseMs: 0, idleMs: 25 } };
  const client = new HarnessClient({ baseUrl, timeouts: timeoutsOf(options) });
  const records: TranscriptRecord[] = [];
  const store = {
    load: () => [],
    append: async (_: string, more: readonly TranscriptRecord[]) => void records.push(...more),
  };
  const mirror = new TranscriptMirror({ client, id, store, reconnect: reconnectOf(options) });
  try {
    await mirror.flush(60_000);
  } finally {
    await mirror.stop();
  }
  return records;
}

describe('a transcript on its way to the host', () => {
  it.each(FAULTS)('that suffers a %s at any of its bytes is stored whole, once, in order', async (fault) => {
    await played(`${fault}-whole`);
    const bytes = (await (await at(`/${fault}-whole/transcript?after=0`)).bytes()).byteLength;
    const wrong: number[] = [];
    let again = 0;
    const suffer = async (n: number): Promise<void> => {
      const id = `${fault}-${n}`;
      await played(id);
      const records = await storedFrom(proxy.urlFor({ fault, at: n }), id);
      if (!isDeepStrictEqual(records, RECORDS)) wrong.push(n);
      again += proxy.streamsOf({ fault, at: n }) - 1;
    };
    for (let from = 0; from < bytes; from += 24) {
      await Promise.all(Array.from({ length: Math.min(24, bytes - from) }, (_, n) => suffer(from + n)));
    }
    expect(wrong).toEqual([]);
    const endsIt: readonly Fault[] = ['cut', 'end', 'stall', 'replay'];
    expect(again).toBeGreaterThanOrEqual(endsIt.includes(fault) ? bytes - 1 : 0);
  });
});
