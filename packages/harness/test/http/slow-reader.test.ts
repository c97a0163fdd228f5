import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { listen } from '../../src/boot/listen.ts';
import type { EngineRun } from '../../src/engine/engine.ts';
import { TestHarness } from '../helpers/harness.ts';
import { scriptedEngine } from '../helpers/scripted-engine.ts';
import { allFramesOf, framesOf } from '../helpers/sse.ts';

const TEXT = 'x'.repeat(1024);
/** 64 MiB: four times what a session keeps, and more than any buffers of sockets. */
const MANY = 64 * 1024;

describe('a reader that does not keep up', () => {
  it('holds nothing back and makes nothing pile up: it is told what it missed', async () => {
    const { promise, resolve } = Promise.withResolvers<EngineRun>();
    const engine = scriptedEngine(async (run) => {
      resolve(run);
      for await (const _ of run.input);
    });
    await using harness = await TestHarness.start({ engines: [engine] });
    const listening = await listen(harness.app, '127.0.0.1', 0);
    const id = await harness.create({ streamingInput: true });
    const path = `/v1/sessions/${id}/events`;
    const asked = httpRequest({ host: '127.0.0.1', port: listening.port, path }).end();
    const [slow] = (await once(asked, 'response')) as [Readable];
    const fast = (await harness.events(id)).body?.getReader();
    const run = await promise;
    let seen = 0;
    for (let n = 0; n < MANY; n += 1) {
      run.message(TEXT);
      // The fast one sees all of it meanwhile.
      if (n % 1_000 === 0) seen += ((await fast?.read())?.value ?? []).length;
    }
    expect(seen).toBeGreaterThan(0);
    await fast?.cancel();
    await harness.request(`/v1/sessions/${id}/end-input`, { method: 'POST' });
    const got = await allFramesOf(new Response(Readable.toWeb(slow) as ReadableStream<Uint8Array>));
    const gaps = got.filter(({ event }) => event.kind === 'ca_events_dropped');
    expect(gaps).toHaveLength(1);
    expect(got.length).toBeLessThan(MANY / 2);
    expect([got[0]?.id, got.at(-1)?.id]).toEqual([0, MANY + 1]);
    let last = -1;
    for (const { id: frame, event } of got) {
      expect(event.kind === 'ca_events_dropped' ? event.from : frame).toBe(last + 1);
      last = frame;
    }
    await listening.close();
  });

  it('leaves no reader behind when each turn’s connection is closed in the middle', async () => {
    const { promise, resolve } = Promise.withResolvers<EngineRun>();
    const engine = scriptedEngine(async (run) => {
      resolve(run);
      for await (const _ of run.input);
    });
    await using harness = await TestHarness.start({ engines: [engine] });
    const listening = await listen(harness.app, '127.0.0.1', 0);
    const id = await harness.create({ streamingInput: true });
    for (let turn = 0; turn < 20; turn += 1) {
      const response = await fetch(`http://127.0.0.1:${listening.port}/v1/sessions/${id}/events`);
      (await promise).message({ turn });
      // Leaving the loop closes the connection, as a client does at the end of a turn.
      for await (const { event } of framesOf(response)) if (event.kind === 'sdk_message') break;
    }
    const connections = () =>
      new Promise<number>((count) => listening.server.getConnections((_, open) => count(open)));
    await expect.poll(connections).toBe(0);
    await listening.close();
  });
});
