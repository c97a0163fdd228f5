import { describe, expect, it } from 'vitest';
import { inlineAgent, rejection, TestHarness } from '../helpers/harness.ts';

describe('bodies', () => {
  it('refuses what is not JSON, not said to be JSON, or not the schema', async () => {
    await using harness = await TestHarness.start();
    const send = (type: string, body: string) =>
      rejection(harness.request('/v1/sessions', { method: 'POST', headers: { 'content-type': type }, body }));
    expect(await send('application/json', '{"engine":')).toEqual([400, 'VALIDATION']);
    expect(await send('application/json', '{}')).toEqual([400, 'VALIDATION']);
    expect(await send('text/plain', JSON.stringify(inlineAgent()))).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expect(await send('application/jsonx', JSON.stringify(inlineAgent()))).toEqual([
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ]);
    expect(await harness.workdirs()).toEqual([]);
  });
});
