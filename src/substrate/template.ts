import { createHash, randomBytes } from 'node:crypto';
import type { Parking } from '../actors/index.ts';
import type { Image, LogLine } from '../drivers/driver.ts';
import { VzvmError } from '../errors.ts';
import { preparedKey, type Wanted } from './prepared-image.ts';
import type { TemplateRecords } from './template-records.ts';
import type { HostedVm } from './vm-host.ts';

/** A template takes as much disk as its VMs take memory. */
const MOST_TEMPLATES = 2;

/** A template that VMs can be forked from, and what its harness is claimed with. Secret. */
export interface Template {
  readonly key: string;
  readonly secret: string;
}

/** What a template is for. */
export interface TemplateOf {
  readonly wanted: Wanted;
  /** The prepared image that its VM boots from. */
  readonly image: Image;
}

/** What the making of a template needs. */
export interface TemplateBuild extends TemplateOf {
  readonly records: TemplateRecords;
  /** Starts a VM whose harness waits to be claimed with this secret, and whose memory can be saved. */
  readonly start: (secret: string) => HostedVm;
  readonly log: LogLine;
  readonly signal: AbortSignal;
}

/** How a harness that is claimed once is parked. */
export function parkingOf(secret: string, renews: boolean): Parking {
  return { secret, renews, renewed: Promise.withResolvers<void>() };
}

/** A secret for one parked harness. */
export const newSecret = (): string => randomBytes(24).toString('base64url');

/** Names everything that a fork has from its template. What the driver must run it with is the driver's to check. */
export function templateKey({ wanted: { plan, payload }, image }: TemplateOf): string {
  const content = [image.digest, payload.harnessDigest, plan.resources, plan.user, plan.directory];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 24);
}

/** Whether a key may be one of {@link templateKey}: a driver may have saved others, which are not ours. */
export const isTemplateKey = (key: string): boolean => /^[0-9a-f]{24}$/.test(key);

/** The template as it is there; undefined where there is none, or none that the driver would run. */
export async function findTemplate(
  of: TemplateOf,
  records: TemplateRecords,
  signal: AbortSignal,
): Promise<Template | undefined> {
  const key = templateKey(of);
  if (!(await of.wanted.driver.snapshots?.has(key, signal))) return undefined;
  const secret = await records.use(key); // Without it nobody can claim: it is made anew.
  return secret === undefined ? undefined : { key, secret };
}

/**
 * The template, made unless it is there: by one process at a time; the others wait for it.
 * @throws VzvmError ABORTED, or what the step that failed says. Nothing of it is left then.
 */
export async function ensureTemplate(build: TemplateBuild): Promise<Template> {
  const find = () => findTemplate(build, build.records, build.signal);
  const found = await find();
  if (found) return found;
  const key = templateKey(build);
  const work = async (tell: LogLine) => (await find()) ?? (await make(build, key, tell));
  return build.wanted.driver.whileBuilding(key, build, work);
}

async function make(build: TemplateBuild, key: string, tell: LogLine): Promise<Template> {
  const { records, signal } = build;
  const { snapshots } = build.wanted.driver;
  build.log('making a template: the next VMs are forked from it');
  const secret = newSecret();
  await snapshots?.remove(key);
  const { vm, session } = build.start(secret);
  vm.on((event) => void (event.type === 'step' && tell(event.step)));
  const abort = () => void vm.dispose('aborted');
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) abort();
    if ((await vm.settled()) !== 'ready') throw notReady(vm.failure);
    // A connection that is open would be open in every fork.
    await session.connection?.close();
    // Before: a template without a record counts as lost.
    await records.write(key, { secret, image: preparedKey(build.wanted) });
    await snapshots?.save({ guest: vm.name, key, keepRunning: false }, signal);
  } catch (error) {
    await records.remove(key);
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
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

async function removeOldest({ wanted, records }: TemplateBuild): Promise<void> {
  for (const { key } of (await records.list()).slice(MOST_TEMPLATES)) {
    await wanted.driver.snapshots?.remove(key);
    await records.remove(key);
  }
}
