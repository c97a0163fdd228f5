import { expect, it } from 'vitest';
import { deferred } from '../../src/deferred.ts';
import { TestHarness } from '../helpers/harness.ts';
import { scriptedEngine } from '../helpers/scripted-engine.ts';
import { framesOf, kindsOf, type Frame } from '../helpers/sse.ts';

it('a session that is deleted while it runs ends once, and when its engine has ended', async () => {
  const [asked, released] = [deferred<void>(), deferred<void>()];
  const order: string[] = [];
  const slow = scriptedEngine(async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    asked.resolve();
    await released.promise;
    order.push('engine');
  });
  await using harness = await TestHarness.start({ engines: [slow] });
  const id = await harness.create();
  const frames: Frame[] = [];
  const reader = framesOf(await harness.events(id));
  const first = await reader.next();
  if (!first.done) frames.push(first.value);
  const deleted = harness
    .request(`/v1/sessions/${id}`, { method: 'DELETE' })
    .then(() => order.push('deleted'));
  await asked.promise;
  released.resolve();
  for await (const frame of reader) frames.push(frame);
  await deleted;
  expect(kindsOf(frames)).toEqual(['ca_session_started', 'ca_session_ended']);
  expect(order).toEqual(['engine', 'deleted']);
});
