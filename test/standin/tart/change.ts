import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { copyDisk, createDisk } from '../guest/index.ts';
import { Failure, isRunningError, missing, notRunning, usage } from './failure.ts';
import { fault } from './faults.ts';
import {
  configOf,
  demand,
  home,
  homeLock,
  localNames,
  lockOf,
  pathOf,
  randomMac,
  readConfig,
  sizes,
  staging,
  stateOf,
  writeConfig,
} from './home.ts';
import { holderOf, lock, tryLock } from './lock.ts';
import { fetchImage, fullName } from './pull.ts';

const GB = 1000 ** 3;
const MIB = 1024 ** 2;
const FEWEST_CPUS = 1;

/** `tart clone`. What has the name already is replaced without a word, running or not. */
export async function clone(args: string[]): Promise<void> {
  const options = {
    insecure: { type: 'boolean' },
    concurrency: { type: 'string' },
    'prune-limit': { type: 'string' },
    overwrite: { type: 'boolean' },
  } as const;
  const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
  const [source, name] = positionals;
  if (source === undefined || name === undefined)
    throw usage('clone', "Missing expected argument '<new-name>'");
  if (name.includes('/')) throw usage('clone', '<new-name> should be a local name');
  const from = source.includes('/') ? fullName(source) : source;
  if (from.includes('/') && !existsSync(configOf(pathOf(from)))) await fetchImage(from);
  await demand(from);
  if ((await fault('strict-clone')) !== undefined && existsSync(pathOf(name)) && !values.overwrite)
    throw new Failure(`VM "${name}" already exists, use --overwrite to replace it`);
  const release = await lock(homeLock());
  try {
    await copy(from, name);
  } finally {
    release();
  }
  const late = await fault('clone-late');
  if (late !== undefined) throw new Failure(late); // As pruning does: with the VM in place.
}

async function copy(from: string, name: string): Promise<void> {
  const place = await staging(randomUUID());
  const releasePlace = await lock(place);
  try {
    await copyFile(configOf(pathOf(from)), configOf(place));
    await copyFile(join(pathOf(from), 'nvram.bin'), join(place, 'nvram.bin'));
    await copyDisk(join(pathOf(from), 'disk.img'), join(place, 'disk.img'));
    const config = await readConfig(place);
    if (await isTaken(config.macAddress)) await writeConfig(place, { ...config, macAddress: randomMac() });
    await mkdir(join(home, 'vms'), { recursive: true });
    await rm(pathOf(name), { recursive: true, force: true });
    await rename(place, pathOf(name));
  } finally {
    await rm(place, { recursive: true, force: true });
    releasePlace();
  }
}

/** Reads all VMs, and fails when one goes meanwhile. */
async function isTaken(mac: string): Promise<boolean> {
  const configs = await Promise.all((await localNames()).map((name) => readConfig(pathOf(name))));
  return configs.some(({ macAddress }) => macAddress === mac);
}

/** `tart create`. */
export async function create(args: string[]): Promise<void> {
  const options = { linux: { type: 'boolean' }, 'disk-size': { type: 'string' } } as const;
  const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
  const [name] = positionals;
  if (name === undefined) throw usage('create', "Missing expected argument '<name>'");
  if (!values.linux) throw usage('create', 'Please specify either a --from-ipsw or --linux option!');
  const place = pathOf(name);
  await rm(place, { recursive: true, force: true });
  await mkdir(place, { recursive: true });
  await createDisk(join(place, 'disk.img'), Number(values['disk-size'] ?? 4));
  await writeFile(join(place, 'nvram.bin'), '');
  const config = {
    version: 1,
    os: 'linux',
    arch: 'arm64',
    diskFormat: 'raw',
    macAddress: randomMac(),
  } as const;
  await writeConfig(place, { ...config, cpuCount: 4, memorySize: 4096 * MIB });
}

/** `tart set`: of a VM that runs as well. The settings are saved before the disk is tried. */
export async function set(args: string[]): Promise<void> {
  const options = {
    cpu: { type: 'string' },
    memory: { type: 'string' },
    'random-mac': { type: 'boolean' },
    'disk-size': { type: 'string' },
  } as const;
  const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
  const [name] = positionals;
  if (name === undefined) throw usage('set', "Missing expected argument '<name>'");
  const config = await demand(name);
  const cpuCount = Number(values.cpu ?? config.cpuCount);
  if (cpuCount < FEWEST_CPUS)
    throw new Failure(
      `Error: LessThanMinimalResourcesError: VM should have ${FEWEST_CPUS} CPU cores at minimum (requested ${cpuCount})`,
    );
  await writeConfig(pathOf(name), {
    ...config,
    cpuCount,
    memorySize: values.memory === undefined ? config.memorySize : Number(values.memory) * MIB,
    macAddress: values['random-mac'] ? randomMac() : config.macAddress,
  });
  if (values['disk-size'] !== undefined) await grow(name, Number(values['disk-size']) * GB);
}

async function grow(name: string, bytes: number): Promise<void> {
  const { disk } = await sizes(pathOf(name));
  if (bytes < disk)
    throw new Failure(`new disk size of ${bytes} should be larger than the current disk size of ${disk}`);
  await truncate(join(pathOf(name), 'disk.img'), bytes);
}

/** `tart delete`: one after the other, until the first that cannot be. */
export async function remove(names: string[]): Promise<void> {
  if (names.length === 0) throw usage('delete', "Missing expected argument '<name> ...'");
  for (const name of names) {
    const directory = pathOf(name);
    if (!existsSync(configOf(directory))) throw missing(name);
    const release = await tryLock(lockOf(name));
    if (!release) throw isRunningError(name);
    await rm(directory, { recursive: true, force: true });
    release();
  }
}

/** `tart rename`. */
export async function renameVm([from = '', to = '']: string[]): Promise<void> {
  if (!existsSync(configOf(pathOf(from))))
    throw usage('rename', `failed to rename a non-existent local VM: ${from}`);
  if (existsSync(configOf(pathOf(to))))
    throw usage('rename', `failed to rename VM ${from}, target VM ${to} already exists, delete it first!`);
  await rename(pathOf(from), pathOf(to));
}

/** `tart suspend`: of a Linux VM it is its end. */
export async function suspend([name = '']: string[]): Promise<void> {
  await demand(name);
  const pid = await holderOf(lockOf(name));
  if (pid === undefined) throw notRunning(`VM "${name}" is not running`);
  process.kill(pid, 'SIGUSR1');
}

/** `tart stop`: never a shutdown; and at its deadline it kills, and does not wait. */
export async function stop(args: string[]): Promise<void> {
  const options = { timeout: { type: 'string', short: 't' } } as const;
  const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
  const [name] = positionals;
  if (name === undefined) throw usage('stop', "Missing expected argument '<name>'");
  await demand(name);
  if ((await stateOf(name)) === 'suspended') return rm(join(pathOf(name), 'state.vzvmsave'));
  const pid = await holderOf(lockOf(name));
  if (pid === undefined) throw notRunning(name);
  process.kill(pid, 'SIGINT');
  const deadline = Date.now() + Number(values.timeout ?? 30) * 1000;
  while (Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    if ((await holderOf(lockOf(name))) === undefined) return undefined;
  }
  process.kill(pid, 'SIGKILL');
}
