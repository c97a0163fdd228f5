import { createServer } from 'node:net';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AddressInfo } from 'node:net';
import type { Driver } from '../../../src/drivers/driver.ts';
import { createTartDriver, type TartDriverOptions } from '../../../src/drivers/tart/index.ts';
import { findRun } from '../../../src/drivers/tart/run-record.ts';
import { signalProcess } from '../../../src/process/end-process.ts';
import { run, type RunResult } from '../../../src/process/run.ts';

/** The stand-in's executable. */
export const tartBin: string = fileURLToPath(new URL('../../standin/bin/tart', import.meta.url));

/** The first address that the stand-in's DHCP server gives to a VM without a Linux. */
const FIRST_ADDRESS = '127.0.0.4';
const TIMEOUT_MS = 30_000;

/** A Tart home of a test's own, whose VMs have no Linux in them. */
export interface TartBench extends AsyncDisposable {
  readonly driver: Driver;
  /** Another driver of the same folders, as another program has it. */
  another(options?: TartDriverOptions): Driver;
  /** What VMs have said, and which processes they are. */
  readonly stateDir: string;
  readonly home: string;
  /** Runs the stand-in itself. */
  readonly tart: (...args: string[]) => Promise<RunResult>;
  /** As `tart get` tells; "none" where there is no such VM. */
  stateOf(name: string): Promise<string>;
  macOf(name: string): Promise<string>;
  /** What `tart` is run with, by whoever runs it otherwise. */
  readonly env: Readonly<Record<string, string>>;
  /** Arguments of each call so far. */
  calls(): Promise<string[]>;
  /** Switches a fault on; see test/standin/README.md. */
  fault(name: string, text?: string): Promise<void>;
  /** Switches it off. */
  mend(name: string): Promise<void>;
}

export async function startTartBench(options: TartDriverOptions = {}): Promise<TartBench> {
  const folder = await mkdtemp(join(tmpdir(), 'tart-'));
  const home = join(folder, 'home');
  const fileOf = (name: string) => join(home, 'faults', name);
  await mkdir(join(home, 'faults'), { recursive: true });
  for (const name of ['paper', 'record']) await writeFile(fileOf(name), '');
  await makeVm(home, 'base');
  const stateDir = join(folder, 'state');
  const places = { tartBin, tartHome: home, stateDir, cacheDir: join(folder, 'cache') };
  const another = (more: TartDriverOptions = {}) => createTartDriver({ ...places, ...more });
  const env = { TART_HOME: home, CI: '1' };
  const tart = (...args: string[]) => run(tartBin, args, { timeoutMs: TIMEOUT_MS, env });
  return {
    driver: another(options),
    another,
    stateDir,
    home,
    env,
    tart,
    stateOf: async (name) => {
      const { stdout, exitCode } = await tart('get', name, '--format', 'json');
      return exitCode === 0 ? (JSON.parse(stdout) as { State: string }).State : 'none';
    },
    macOf: async (name) => {
      const text = await readFile(join(home, 'vms', name, 'config.json'), 'utf8');
      return (JSON.parse(text) as { macAddress: string }).macAddress;
    },
    calls: async () => (await readFile(join(home, 'calls.log'), 'utf8')).trimEnd().split('\n'),
    fault: (name, text = '') => writeFile(fileOf(name), text),
    mend: (name) => rm(fileOf(name), { force: true }),
    [Symbol.asyncDispose]: async () => {
      await endLeft(join(stateDir, 'tart'));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A test that fails leaves no VM either. */
async function endLeft(folder: string): Promise<void> {
  for (const guest of await readdir(folder).catch(() => [])) {
    const pid = await findRun(join(folder, guest));
    if (pid !== undefined) signalProcess(pid, 'SIGKILL');
  }
}

/** A VM that was there before. */
export async function makeVm(home: string, name: string): Promise<void> {
  const folder = join(home, 'vms', name);
  await mkdir(folder, { recursive: true });
  const config = {
    version: 1,
    os: 'linux',
    arch: 'arm64',
    cpuCount: 4,
    memorySize: 2 ** 32,
    diskFormat: 'raw',
  };
  await writeFile(
    join(folder, 'config.json'),
    JSON.stringify({ ...config, macAddress: '52:54:00:00:00:02' }),
  );
  await writeFile(join(folder, 'disk.img'), '');
  await writeFile(join(folder, 'nvram.bin'), '');
}

/** A port that accepts, at the address of a bench's first VM. */
export async function openPort(): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer((socket) => socket.on('error', () => undefined).end());
  await new Promise<void>((resolve) => server.listen(0, FIRST_ADDRESS, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
