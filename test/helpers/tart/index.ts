import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Driver } from '../../../src/drivers/driver.ts';
import { createTartDriver } from '../../../src/drivers/tart/index.ts';

/** A Tart driver over a scripted executable with a home of its own. */
export interface TartBench extends AsyncDisposable {
  readonly driver: Driver;
  readonly home: string;
  /** Arguments of each call so far. */
  calls(): Promise<string[]>;
  /** Says how verbs end from now on. */
  fail(failures: Readonly<Record<string, unknown>>): Promise<void>;
}

export async function startTartBench(): Promise<TartBench> {
  const folder = await mkdtemp(join(tmpdir(), 'scripted-tart-'));
  const home = join(folder, 'home');
  const bin = join(folder, 'tart');
  const script = fileURLToPath(new URL('scripted-tart.mjs', import.meta.url));
  await writeFile(bin, `#!/bin/sh\nexec ${process.execPath} ${script} "$@"\n`, { mode: 0o755 });
  await mkdir(join(home, 'vms'), { recursive: true });
  await writeFile(join(home, 'vms', 'base.json'), '{}');
  return {
    driver: createTartDriver({
      tartBin: bin,
      tartHome: home,
      stateDir: join(folder, 'state'),
      cacheDir: join(folder, 'cache'),
    }),
    home,
    calls: async () => (await readFile(join(home, 'calls.log'), 'utf8')).trimEnd().split('\n'),
    fail: (failures) => writeFile(join(home, 'fail.json'), JSON.stringify(failures)),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A port on loopback that accepts. */
export async function openPort(): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer((socket) => socket.on('error', () => undefined).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
