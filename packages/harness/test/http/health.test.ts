import { describe, expect, it } from 'vitest';
import { TestHarness } from '../helpers/harness.ts';

describe('health', () => {
  it('names the engines and the loaders', async () => {
    await using harness = await TestHarness.start();
    const response = await harness.request('/v1/health');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      ok: true,
      version: '0.1.0',
      engines: { scripted: { streamingInput: true } },
      loaders: ['gitagentprotocol'],
      stores: ['memory', 'file', 'host'],
      state: 'ready',
    });
  });
});
