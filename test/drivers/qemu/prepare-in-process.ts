import { text } from 'node:stream/consumers';
import type { LogLine } from '../../../src/drivers/driver.ts';
import { newGuestName } from '../../../src/drivers/guest-name.ts';
import { createQemuDriver, type QemuOptions } from '../../../src/drivers/qemu/index.ts';

/** What is prepared, where. */
export interface Preparing {
  readonly options: QemuOptions;
  readonly ref: string;
  readonly key: string;
}

/** Prepares an image as the runtime does: once, whoever else does the same. Pauses in the middle. */
export async function prepare(
  { options, ref, key }: Preparing,
  log: LogLine,
  inTheMiddle: () => Promise<unknown>,
): Promise<'made' | 'found'> {
  const driver = createQemuDriver(options);
  const { signal } = new AbortController();
  const base = await driver.resolveImage(ref, { signal, log });
  return driver.whileBuilding(key, { signal, log }, async (tell) => {
    if (await driver.findImage(key, signal)) return 'found';
    const guest = newGuestName();
    const resources = { cpu: 1, memoryMiB: 256 };
    await driver.clone(
      { image: base, guest, resources, user: 'agent', authorizedKey: 'ssh-ed25519 AAAA' },
      signal,
    );
    tell('half way');
    await inTheMiddle();
    await driver.keepImage({ guest, key, base, description: '', login: { user: 'agent' } }, signal);
    await driver.delete(guest);
    return 'made';
  });
}

/** As a process of its own: goes on when its input ends. */
if (process.argv[1] === import.meta.filename) {
  const preparing = JSON.parse(process.argv[2] ?? '') as Preparing;
  const pause = () => {
    process.stdout.write('half way\n');
    return text(process.stdin);
  };
  process.stdout.write(`${await prepare(preparing, () => undefined, pause)}\n`);
}
