import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createFakeDriver } from '../../src/drivers/fake/index.ts';
import { newGuestName } from '../../src/drivers/guest-name.ts';
import { Journal } from '../../src/journal/index.ts';
import { listGuests } from '../../src/substrate/guests.ts';
import { recordOf } from '../helpers/records.ts';
import { tempDir } from '../helpers/temp.ts';

describe('the list of VMs', () => {
  it('asks each driver in each of its folders, and is there although one cannot be asked', async () => {
    await using temp = await tempDir();
    // What answers has as long as it takes.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const journal = new Journal(temp.path);
    const [one, other, odd] = [newGuestName(), newGuestName(), newGuestName()];
    for (const [guest, folder] of [
      [one, 'a'],
      [other, 'b'],
    ] as const) {
      const stateDir = join(temp.path, folder);
      await mkdir(join(stateDir, 'qemu', guest), { recursive: true });
      await journal.write(await recordOf(guest, stateDir));
    }
    await journal.write(
      await recordOf(odd, temp.path, { recipe: { driver: 'unheard-of', options: {} }, createdAt: 2 }),
    );
    const guests = await listGuests({ driver: createFakeDriver(), journal });
    expect(new Map(guests.map(({ name, running }) => [name, running]))).toEqual(
      new Map([
        [one, false],
        [other, false],
        [odd, undefined],
      ]),
    );
  });

  it('does not wait for a driver that hangs', async () => {
    await using temp = await tempDir();
    const driver = createFakeDriver();
    const hanging = new Proxy(driver, {
      get: (target, name) =>
        name === 'list' ? () => new Promise(() => undefined) : Reflect.get(target, name),
    });
    expect(await listGuests({ driver: hanging, journal: new Journal(temp.path) })).toEqual([]);
  });
});
