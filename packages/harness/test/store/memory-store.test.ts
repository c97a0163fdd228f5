import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/store/memory-store.ts';
import type { StoreKind } from '../../src/store/store.ts';

const key = { projectKey: 'p', sessionId: 's' };
const text = (length: number) => [{ type: 'x'.repeat(length - '{"type":""}'.length) }];

const open = async (store: StoreKind, scope: string) => store.open({ sessionId: scope, scope, options: {} });

describe('the memory store', () => {
  it('forgets what was not used for the longest time, but nothing of a live session', async () => {
    const store = memoryStore({ maxChars: 100 });
    for (const scope of ['old', 'older', 'newer']) {
      const session = await open(store, scope);
      await session.append(key, text(30));
      if (scope !== 'old') session.close?.();
    }
    const live = await open(store, 'live');
    await live.append(key, text(40));
    expect(await (await open(store, 'old')).load(key)).toHaveLength(1);
    expect(await (await open(store, 'older')).load(key)).toBeNull();
    expect(await (await open(store, 'newer')).load(key)).toHaveLength(1);
    await expect(live.append(key, text(41))).rejects.toThrow(/full/);
    expect(await live.load(key)).toHaveLength(1);
  });

  it('gives out copies', async () => {
    const session = await open(memoryStore(), 'a');
    const given = [{ type: 'user', content: ['one'] }];
    await session.append(key, given);
    given[0]?.content.push('two');
    const loaded = await session.load(key);
    expect(loaded).toEqual([{ type: 'user', content: ['one'] }]);
    loaded?.pop();
    expect(await session.load(key)).toHaveLength(1);
  });
});
