import { describe, expect, it } from 'vitest';
import { VZVMSubstrate } from '../../src/index.ts';
import { preparedCache } from './cache.ts';
import { makePlace, NOTHING } from './outside.ts';
import { reasonToSkip } from './requirements.ts';

const reason = reasonToSkip();

describe.skipIf(reason !== undefined)(`a warm pool${reason ? ` (${reason})` : ''}`, () => {
  it('gives a VM that has booted, which then serves its owner alone, and leaves nothing', async () => {
    await using place = await makePlace();
    const substrate = new VZVMSubstrate({
      driver: 'qemu',
      stateDir: place.stateDir,
      fork: 'never',
      warm: { size: 1 },
      maxConcurrent: 1,
    });
    await substrate.warmUp();
    const [parked] = await substrate.list();
    const { baseUrl, vm, shutdown } = await substrate.bootHarness({ envs: { KEY: 'value' } });
    expect(vm.name).toBe(parked?.name);
    expect(await (await fetch(`${baseUrl}/v1/health`)).json()).toMatchObject({ ok: true, state: 'ready' });
    const { origin } = new URL(baseUrl);
    expect((await fetch(`${origin}/v1/sessions`, { method: 'POST' })).status).toBe(401);
    expect((await fetch(`${origin}/v1/claim`, { method: 'POST' })).status).not.toBe(200);
    await shutdown();
    await substrate.dispose();
    expect(await place.look()).toEqual(NOTHING);
  });

  it('parks forks with identities of their own, which serve as soon as they are claimed', async () => {
    await using place = await makePlace();
    const cacheDir = await preparedCache(place.stateDir);
    const lines: string[] = [];
    const substrate = new VZVMSubstrate({
      driver: 'qemu',
      stateDir: place.stateDir,
      cacheDir,
      warm: { size: 2 },
      onLog: (line) => void lines.push(line),
    });
    await substrate.warmUp();
    const parked = (await substrate.list()).map(({ name }) => name).toSorted();
    expect(lines.filter((line) => line.startsWith('making a template'))).toHaveLength(1);
    const claims = [];
    for (const KEY of ['one', 'other']) {
      claims.push(await substrate.bootHarness({ envs: { KEY } }));
    }
    expect(claims.map(({ vm }) => vm.name).toSorted()).toEqual(parked);
    for (const { vm, baseUrl } of claims) {
      expect(vm.timeline.find(({ state }) => state === 'ssh-connect')?.skipped).toBe(true);
      expect(await (await fetch(`${baseUrl}/v1/health`)).json()).toMatchObject({ state: 'ready' });
    }
    await substrate.dispose();
    expect(await place.look()).toEqual(NOTHING);
  });
});
