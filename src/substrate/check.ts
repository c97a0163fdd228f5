import { checkRegistry } from '../actors/index.ts';
import type { Driver, Finding } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import { imageFor } from './choose-driver.ts';
import { availableMiB } from './host-memory.ts';
import { DEFAULT_MEMORY_MIB, type VZVMSubstrateOptions } from './options.ts';

/** Who asks for a check wants to see it, also when what is checked hangs. */
const ANSWER_TIMEOUT_MS = 800;
/** Another country's registry may be slow and well. */
const NETWORK_TIMEOUT_MS = 5_000;

type Look = (signal: AbortSignal) => Promise<readonly Finding[]>;

/** Looks at all that could stop a boot on this host. What does not answer is reported as that. */
export async function checkHost(
  driver: Driver,
  options: VZVMSubstrateOptions,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const local = ANSWER_TIMEOUT_MS;
  const looks = [
    within(driver.name, local, signal, (deadline) => driver.check(deadline)),
    within('memory', local, signal, async () => [await memory(options)]),
    within('prepared image', local, signal, async () => [await prepared(driver, options)]),
    within('base image', local, signal, async () => baseImage(driver)),
    within('npm registry', NETWORK_TIMEOUT_MS, signal, async (deadline) => [await checkRegistry(deadline)]),
  ];
  return (await Promise.all(looks)).flat();
}

async function within(
  subject: string,
  timeoutMs: number,
  signal: AbortSignal,
  look: Look,
): Promise<readonly Finding[]> {
  const late = new AbortController();
  const ends = AbortSignal.any([signal, late.signal]);
  const slow: Finding = { level: 'error', subject, message: `no answer within ${timeoutMs} ms` };
  const { promise: over, resolve: end } = Promise.withResolvers<readonly Finding[]>();
  const timer = setTimeout(() => end([slow]), timeoutMs);
  ends.addEventListener('abort', () => end([slow]), { once: true });
  try {
    return await Promise.race([look(ends), over]);
  } catch (error) {
    if (signal.aborted) throw error;
    return [{ level: 'error', subject, message: messageOf(error) }];
  } finally {
    clearTimeout(timer);
    late.abort();
  }
}

async function memory({ memoryMiB = DEFAULT_MEMORY_MIB }: VZVMSubstrateOptions): Promise<Finding> {
  const subject = 'memory';
  const available = await availableMiB();
  const message = `${available} MiB available, ${memoryMiB} MiB for each VM`;
  if (available >= memoryMiB) return { level: 'ok', subject, message };
  return { level: 'error', subject, message, fix: 'end other programs, or set a smaller memoryMiB' };
}

/** Of drivers that build their images themselves. */
async function baseImage({ bases }: Driver): Promise<readonly Finding[]> {
  if (!bases) return [];
  const subject = 'base image';
  const current = (await bases.list()).filter(({ isOutdated }) => !isOutdated);
  if (current.length > 0) return [{ level: 'ok', subject, message: `built on this host: ${current.length}` }];
  const message = 'none is built yet: the first VM waits for some minutes until it is';
  return [{ level: 'warning', subject, message, fix: 'npx vzvm image build' }];
}

async function prepared(driver: Driver, options: VZVMSubstrateOptions): Promise<Finding> {
  const subject = 'prepared image';
  const base = imageFor(driver, options);
  const fitting = (await driver.listImages()).filter((image) => image.base === base);
  if (fitting.length > 0) return { level: 'ok', subject, message: `${fitting.length} made from ${base}` };
  const message = `none made from ${base}: the first VM is given Node and its packages, which takes minutes`;
  return { level: 'warning', subject, message, fix: 'npx vzvm image build' };
}
