import { describe, expect, it } from 'vitest';
import { VZVMSubstrate } from '../../src/index.ts';
import { preparedCache } from './cache.ts';
import { makePlace, NOTHING } from './outside.ts';
import { reasonToSkip } from './requirements.ts';

const reason = reasonToSkip();

describe.skipIf(reason !== undefined)(`a template${reason ? ` (${reason})` : ''}`, () => {
  it('is made beside the VM that found none; the next one is forked, and all goes with the last', async () => {
    await using place = await makePlace();
    const cacheDir = await preparedCache(place.stateDir);
    const lines: string[] = [];
    const onLog = (line: string) => void lines.push(line);
    const substrate = new VZVMSubstrate({ driver: 'qemu', stateDir: place.stateDir, cacheDir, onLog });
    const first = await substrate.bootHarness({ envs: {} });
    expect(first.vm.timeline.find(({ state }) => state === 'ssh-connect')?.skipped).not.toBe(true);
    // Whoever makes it is waited for by whoever wants it now.
    expect(await substrate.prepareImage()).toMatchObject({ made: false, hasTemplate: true });
    expect(lines.filter((line) => line.startsWith('making a template'))).toHaveLength(1);
    const second = await substrate.bootHarness({ envs: {} });
    expect(second.vm.timeline.find(({ state }) => state === 'ssh-connect')?.skipped).toBe(true);
    expect(await (await fetch(`${second.baseUrl}/v1/health`)).json()).toMatchObject({ state: 'ready' });
    await Promise.all([first.shutdown(), second.shutdown()]);
    expect(await place.look()).toEqual(NOTHING);
  });

  it('that is being made is gone with the VM that it is made beside', async () => {
    await using place = await makePlace();
    const cacheDir = await preparedCache(place.stateDir);
    const substrate = new VZVMSubstrate({ driver: 'qemu', stateDir: place.stateDir, cacheDir });
    const { shutdown } = await substrate.bootHarness({ envs: {} });
    await expect.poll(async () => (await place.look()).processes.length, { timeout: 60_000 }).toBe(2);
    await shutdown();
    expect(await place.look()).toEqual(NOTHING);
  });
});
