import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Driver } from '../../src/drivers/driver.ts';
import { newGuestName } from '../../src/drivers/guest-name.ts';
import { createTartDriver, type TartDriverOptions } from '../../src/drivers/tart/index.ts';
import { tempDir } from '../helpers/temp.ts';

export const never: AbortSignal = new AbortController().signal;

/** An error that the product's own code made, and what a user has to find in it. */
export interface Provoked {
  readonly error: unknown;
  /** What its message names. */
  readonly says: readonly string[];
  /** What its hint tells to do: a command or a setting; undefined where there is nothing to do. */
  readonly todo: string | undefined;
  /** Another error is behind it. @defaultValue false */
  readonly hasCause?: boolean;
  /** What else it has. */
  readonly has?: object;
}

/** Makes the error happen. */
export type Provocation = () => Promise<Provoked>;

/** A `tart` in a few lines of shell: what it does by verb; a verb that is not named finds no VM. */
export async function withTart<T>(
  verbs: Readonly<Record<string, string>>,
  work: (at: { readonly driver: Driver; readonly bin: string; readonly home: string }) => Promise<T>,
  options: TartDriverOptions = {},
): Promise<T> {
  await using temp = await tempDir();
  const [bin, home] = [join(temp.path, 'tart'), join(temp.path, 'home')];
  await mkdir(home);
  const cases = Object.entries({ '--version': 'echo 2.32.1', ...verbs });
  const script = cases.map(([verb, does]) => `${verb}) ${does};;`).join('\n');
  await writeFile(bin, `#!/bin/sh\ncase "$1" in\n${script}\n*) exit 2;;\nesac\n`);
  await chmod(bin, 0o755);
  const places = { tartBin: bin, tartHome: home, stateDir: join(temp.path, 'state') };
  const driver = createTartDriver({ ...places, cacheDir: join(temp.path, 'cache'), ...options });
  return await work({ driver, bin, home });
}

/** A request to clone a VM of an image of this machine. */
export function requestOf(ref: string, guest: string = newGuestName()) {
  const image = { ref, digest: `local:${ref}`, acceptsKey: false };
  const resources = { cpu: 1, memoryMiB: 512 };
  return { guest, image, resources, user: 'admin', authorizedKey: 'ssh-ed25519 AAAA' };
}

/** A port of loopback that somebody listens on. */
export async function withServer<T>(
  work: (port: number) => Promise<T>,
  onConnection: (socket: Socket) => void = () => undefined,
): Promise<T> {
  const server = createServer((socket) => onConnection(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await work((server.address() as AddressInfo).port);
  } finally {
    const closed = once(server, 'close');
    server.close();
    await closed;
  }
}
