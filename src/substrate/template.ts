import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Parking } from '../actors/index.ts';
import { defaultCacheDir } from '../drivers/folders.ts';
import type { Image, LogLine } from '../drivers/driver.ts';
import { messageOf, VzvmError } from '../errors.ts';
import type { Wanted } from './prepared-image.ts';
import type { HostedVm } from './vm-host.ts';

/** A template takes as much disk as its VMs take memory. */
const MOST_TEMPLATES = 2;

/** A template that VMs can be forked from, and what its harness is claimed with. Secret. */
export interface Template {
  readonly key: string;
  readonly secret: string;
}

/** What the making of a template needs. */
export interface TemplateBuild {
  readonly wanted: Wanted;
  readonly image: Image;
  readonly cacheDir: string | undefined;
  /** Starts a VM whose harness waits to be claimed with this secret, and whose memory can be saved. */
  readonly start: (secret: string) => HostedVm;
  readonly log: LogLine;
  readonly signal: AbortSignal;
}

/** How a harness that is claimed once is parked. */
export function parkingOf(secret: string, renews: boolean): Parking {
  return { secret, renews, claimed: Promise.withResolvers<void>() };
}

/** A secret for one parked harness. */
export const newSecret = (): string => randomBytes(24).toString('base64url');

/**
 * The template for VMs from a prepared image, made first if need be: by one process at a time. Undefined when there can
 * be none: the VM then boots, which takes longer and nothing else.
 */
export async function templateFor(build: TemplateBuild): Promise<Template | undefined> {
  const { snapshots } = build.wanted.driver;
  if (!snapshots) return undefined;
  const key = templateKey(build);
  try {
    const found = await find(build, key);
    if (found) return found;
    return await build.wanted.driver.whileBuilding(
      key,
      build,
      async (tell) => (await find(build, key)) ?? (await make(build, key, tell)),
    );
  } catch (error) {
    if (build.signal.aborted) throw error;
    build.log(`no template could be made, so the VM boots: ${messageOf(error)}`);
    return undefined;
  }
}

/** Everything that a fork has from its template. What the driver must run it with is the driver's to check. */
function templateKey({ wanted: { plan, payload }, image }: TemplateBuild): string {
  const content = [image.digest, payload.harnessDigest, plan.resources, plan.user, plan.directory];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 24);
}

async function find(build: TemplateBuild, key: string): Promise<Template | undefined> {
  if (!(await build.wanted.driver.snapshots?.has(key, build.signal))) return undefined;
  const file = secretFile(build, key);
  const secret = await readFile(file, 'utf8').catch(() => undefined); // Without it nobody can claim: it is made anew.
  if (secret === undefined) return undefined;
  const now = new Date();
  await utimes(file, now, now);
  return { key, secret };
}

async function make(build: TemplateBuild, key: string, tell: LogLine): Promise<Template> {
  const { driver } = build.wanted;
  build.log('making a template: the next VMs are forked from it');
  const secret = newSecret();
  await driver.snapshots?.remove(key);
  const { vm, session } = build.start(secret);
  vm.on((event) => void (event.type === 'step' && tell(event.step)));
  const abort = () => void vm.dispose('aborted');
  build.signal.addEventListener('abort', abort, { once: true });
  try {
    if (build.signal.aborted) abort();
    if ((await vm.settled()) !== 'ready') throw notReady(vm.failure);
    // A connection that is open would be open in every fork.
    await session.connection?.close();
    await driver.snapshots?.save({ guest: vm.name, key, keepRunning: false }, build.signal);
    await writeSecret(build, key, secret);
  } finally {
    build.signal.removeEventListener('abort', abort);
    await vm.dispose('template');
  }
  await removeOldest(build);
  return { key, secret };
}

function notReady(failure: HostedVm['vm']['failure']): VzvmError {
  if (!failure) return new VzvmError('ABORTED', 'the making of the template was cancelled');
  const { code, step, message, ...rest } = failure;
  return new VzvmError(code, `${step}: ${message}`, rest);
}

async function writeSecret(build: TemplateBuild, key: string, secret: string): Promise<void> {
  const file = secretFile(build, key);
  await mkdir(folderOf(build), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, secret, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

async function removeOldest(build: TemplateBuild): Promise<void> {
  const folder = folderOf(build);
  const used = await Promise.all(
    (await readdir(folder)).map(async (key) => ({ key, usedAt: (await stat(join(folder, key))).mtimeMs })),
  );
  const old = used.toSorted((one, other) => other.usedAt - one.usedAt).slice(MOST_TEMPLATES);
  for (const { key } of old) {
    await build.wanted.driver.snapshots?.remove(key);
    await rm(join(folder, key), { force: true });
  }
}

const folderOf = ({ cacheDir }: TemplateBuild): string => join(cacheDir ?? defaultCacheDir(), 'templates');
const secretFile = (build: TemplateBuild, key: string): string => join(folderOf(build), key);
