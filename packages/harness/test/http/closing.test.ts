import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { IdentityLoader } from '../../src/identity/loader.ts';
import { inlineAgent, rejection, TestHarness } from '../helpers/harness.ts';

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
});
