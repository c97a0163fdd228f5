import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { incomplete, missing, other } from './failure.ts';
import { holderOf } from './lock.ts';

/** What is written down of a VM. */
export interface Config {
  readonly version: 1;
  readonly os: 'linux' | 'darwin';
  readonly arch: 'arm64' | 'amd64';
  readonly cpuCount: number;
  /** Bytes. */
  readonly memorySize: number;
  readonly macAddress: string;
  readonly diskFormat: 'raw';
}

export const home: string = process.env['TART_HOME'] || join(homedir(), '.tart');
export const pathOf = (name: string): string =>
  name.includes('/') ? imageOf(name) : join(home, 'vms', name);
export const configOf = (directory: string): string => join(directory, 'config.json');
/** By digest a folder, by tag a link to it. */
const imageOf = (name: string): string =>
  join(
    home,
    'cache',
    'OCIs',
    name.includes('@') ? name.replace('@', '/') : name.replace(/:([^/:]*)$/, '/$1'),
  );

/** What locks a VM for as long as it runs. */
export const lockOf = (name: string): string => configOf(pathOf(name));
/** What clone, import and the start of run hold. */
export const homeLock = (): string => home;

export const FILES = ['config.json', 'disk.img', 'nvram.bin'] as const;

/** A VM that is there, with all its files. */
export async function demand(name: string): Promise<Config> {
  const directory = pathOf(name);
  if (!existsSync(configOf(directory))) throw missing(name);
  if (!FILES.every((file) => existsSync(join(directory, file)))) throw incomplete();
  return readConfig(directory);
}

export async function readConfig(directory: string): Promise<Config> {
  try {
    return JSON.parse(await readFile(configOf(directory), 'utf8')) as Config;
  } catch (cause) {
    // As Foundation has it: somebody has deleted it in between.
    throw other(`The file “config.json” couldn’t be opened because there is no such file. ${String(cause)}`);
  }
}

export async function writeConfig(directory: string, config: Config): Promise<void> {
  await writeFile(`${configOf(directory)}.new`, JSON.stringify(config));
  await rename(`${configOf(directory)}.new`, configOf(directory));
}

/** Names of all VMs that have all their files. */
export async function localNames(): Promise<readonly string[]> {
  const names = await readdir(join(home, 'vms')).catch(() => []);
  return names.filter((name) => FILES.every((file) => existsSync(join(pathOf(name), file)))).toSorted();
}

/** Derived, never stored: what is locked runs. */
export async function stateOf(name: string): Promise<'running' | 'suspended' | 'stopped'> {
  if ((await holderOf(lockOf(name))) !== undefined) return 'running';
  return existsSync(join(pathOf(name), 'state.vzvmsave')) ? 'suspended' : 'stopped';
}

export const randomMac = (): string =>
  [0x52, ...randomBytes(5)].map((byte) => byte.toString(16).padStart(2, '0')).join(':');

/** Bytes that a disk has, and takes. */
export async function sizes(
  directory: string,
): Promise<{ readonly disk: number; readonly allocated: number }> {
  const found = await stat(join(directory, 'disk.img'));
  return { disk: found.size, allocated: found.blocks * 512 };
}

/** What every command but pull and clone does first: what nobody holds in tmp is debris. */
export async function collectGarbage(): Promise<void> {
  const folder = join(home, 'tmp');
  for (const entry of await readdir(folder).catch(() => [])) {
    const path = join(folder, entry);
    if ((await holderOf(path)) === undefined) await rm(path, { recursive: true, force: true });
  }
}

/** A place to make something in, which moves elsewhere when it is whole. */
export async function staging(name: string): Promise<string> {
  const path = join(home, 'tmp', name);
  await mkdir(path, { recursive: true });
  return path;
}
