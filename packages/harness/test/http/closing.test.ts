import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import type { IdentityLoader } from '../../src/identity/loader.ts';
import { inlineAgent, rejection, TestHarness } from '../helpers/harness.ts';
import { scriptedEngine } from '../helpers/scripted-engine.ts';

describe('closing the harness', () => {
  it('gives up sessions that are still being made, and leaves no folder', async () => {
    const { promise: loading, resolve } = Promise.withResolvers<void>();
    const stuck: IdentityLoader = {
      name: 'gitagentprotocol',
      load: async (_source, _workdir, signal) => {
        resolve();
        await once(signal, 'abort');
        throw signal.reason;
      },
    };
    await using harness = await TestHarness.start({ loaders: [stuck] });
    const response = harness.post('/v1/sessions', inlineAgent());
    await loading;
    expect(await harness.workdirs()).toHaveLength(1);
    await harness.app.close();
    expect(await harness.workdirs()).toEqual([]);
    expect(await rejection(response)).toEqual([503, 'UNAVAILABLE']);
    expect(await rejection(harness.post('/v1/sessions', inlineAgent()))).toEqual([503, 'UNAVAILABLE']);
  });

  it('writes nothing afterwards for a request that was still on its way', async () => {
    const load = vi.fn<IdentityLoader['load']>().mockRejectedValue(new Error('asked'));
    await using harness = await TestHarness.start({ loaders: [{ name: 'gitagentprotocol', load }] });
    const { readable, writable } = new TransformStream<string, string>();
    const response = harness.request('/v1/sessions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: readable.pipeThrough(new TextEncoderStream()),
      duplex: 'half',
    });
    const writer = writable.getWriter();
    const body = JSON.stringify(inlineAgent());
    await writer.write(body.slice(0, 1));
    await harness.app.close();
    await writer.write(body.slice(1));
    await writer.close();
    expect(await rejection(response)).toEqual([503, 'UNAVAILABLE']);
    expect(load).not.toHaveBeenCalled();
  });

  it('waits for the files of a session that was being deleted', async () => {
    const cancelled = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    const reluctant = scriptedEngine(async ({ signal }) => {
      signal.addEventListener('abort', () => cancelled.resolve(), { once: true });
      await over.promise;
    });
    await using harness = await TestHarness.start({ engines: [reluctant] });
    const id = await harness.create({ streamingInput: true });
    const events = await harness.events(id);
    const deleted = harness.request(`/v1/sessions/${id}`, { method: 'DELETE' });
    await cancelled.promise;
    const closed = harness.app.close();
    over.resolve();
    await closed;
    expect(await harness.workdirs()).toEqual([]);
    expect((await deleted).status).toBe(200);
    await events.body?.cancel();
  });
});
