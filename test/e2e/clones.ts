import { setTimeout as sleep } from 'node:timers/promises';
import { isAborted, VzvmError } from '../../src/errors.ts';
import { newGuestName } from '../../src/drivers/guest-name.ts';
import type { Driver, Image } from '../../src/drivers/driver.ts';
import { createQemuDriver } from '../../src/drivers/qemu/index.ts';
import { connectSsh, generateKeyPair, type SshConnection } from '../../src/ssh/index.ts';
import type { Place } from './outside.ts';

const DEADLINE_MS = 180_000;
const RESOURCES = { cpu: 2, memoryMiB: 1024 };

/** What a guest says of itself. */
export interface Identity {
  readonly machineId: string;
  readonly hostKey: string;
  /** Keys that may log in. */
  readonly keys: number;
  readonly password: string;
  /** Lines in the logs that are on the disk, of whatever came before this guest. */
  readonly logs: number;
}

const QUESTIONS = [
  'cat /etc/machine-id',
  'cut -d" " -f1,2 /etc/ssh/ssh_host_ed25519_key.pub',
  'wc -l < ~/.ssh/authorized_keys',
  'sudo passwd -S "$(id -un)" | cut -d" " -f2 | sed "s/^L$/locked/"',
  'find /var/log -type f -name "*.log*" | xargs -r cat | wc -l',
].join('; ');

/** Starts two guests from the one prepared image in a cache, and asks both who they are. */
export async function clonesOfPrepared(place: Place, cacheDir: string): Promise<readonly Identity[]> {
  const driver = createQemuDriver({ stateDir: place.stateDir, cacheDir });
  const signal = AbortSignal.timeout(DEADLINE_MS);
  await driver.resolveImage('debian:12', { signal, log: () => undefined });
  const [kept] = await driver.listImages();
  const image = kept && (await driver.findImage(kept.key, signal));
  if (!image) throw new Error('there is no prepared image');
  return Promise.all([ask(driver, image, signal), ask(driver, image, signal)]);
}

async function ask(driver: Driver, image: Image, signal: AbortSignal): Promise<Identity> {
  const guest = newGuestName();
  const keys = generateKeyPair(guest);
  const request = { image, guest, resources: RESOURCES, user: 'admin', authorizedKey: keys.publicKey };
  await driver.clone(request, signal);
  try {
    await driver.start(guest, signal);
    const connection = await connected(driver, guest, keys.privateKey, signal);
    try {
      const { stdout } = await connection.exec(QUESTIONS, { timeoutMs: 60_000, signal });
      const [machineId = '', hostKey = '', count, password = '', logs] = stdout.trim().split('\n');
      return { machineId, hostKey, keys: Number(count), password, logs: Number(logs) };
    } finally {
      await connection.close();
    }
  } finally {
    await driver.delete(guest);
  }
}

async function connected(
  driver: Driver,
  guest: string,
  privateKey: string,
  signal: AbortSignal,
): Promise<SshConnection> {
  for (;;) {
    try {
      const dial = (dialSignal: AbortSignal) => driver.dial(guest, 22, dialSignal);
      return await connectSsh({ dial, user: 'admin', auth: { privateKey }, signal });
    } catch (error) {
      // Only a guest that is still booting is worth another look.
      if (isAborted(error) || !(error instanceof VzvmError) || error.retry !== 'safe') throw error;
      await sleep(100, undefined, { signal });
    }
  }
}
