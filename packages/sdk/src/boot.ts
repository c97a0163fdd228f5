import { HarnessConnectionError } from './errors.ts';
import { environment, staticUrl, timeoutsOf, type ComputerAgentOptions } from './options.ts';
import type { BootedHarness, Substrate } from './substrate.ts';
import { assertNotAborted } from './wait.ts';

/** How long a boot that was given up may take to end by itself before it is left to its substrate. */
const GRACE_MS = 60_000;

/** Boots the harness that the options name, or leads to the one that runs already. */
export async function bootHarness(
  options: ComputerAgentOptions,
  signal: AbortSignal,
): Promise<BootedHarness> {
  assertNotAborted(signal);
  const { runtime } = options;
  if (typeof runtime !== 'object') {
    return { baseUrl: staticUrl(options), shutdown: () => Promise.resolve() };
  }
  const { bootMs, shutdownMs } = timeoutsOf(options);
  const booted = await bootInTime(runtime, { envs: environment(options), ms: bootMs, signal });
  return { baseUrl: booted.baseUrl, shutdown: () => shutInTime(booted, shutdownMs) };
}

interface BootLimits {
  readonly envs: Readonly<Record<string, string>>;
  readonly ms: number;
  readonly signal: AbortSignal;
}

/** A substrate is waited for when it was told to end: it leaves nothing behind. One that never does is not. */
async function bootInTime(runtime: Substrate, { envs, ms, signal }: BootLimits): Promise<BootedHarness> {
  const late = new HarnessConnectionError('TIMEOUT', `the harness was not booted within ${ms} ms`);
  const deadline = new AbortController();
  const hung = Promise.withResolvers<never>();
  let grace: NodeJS.Timeout | undefined;
  const timer = setTimeout(() => {
    deadline.abort(late);
    grace = setTimeout(() => hung.reject(late), Math.min(ms, GRACE_MS));
  }, ms);
  const boot = runtime.bootHarness({ envs, signal: AbortSignal.any([signal, deadline.signal]) });
  try {
    const booted = await Promise.race([boot, hung.promise]);
    if (!deadline.signal.aborted) return booted;
    await booted.shutdown();
    throw late;
  } catch (error) {
    // What comes after all must not stay.
    boot.then((booted) => booted.shutdown()).catch(() => undefined);
    throw error;
  } finally {
    clearTimeout(timer);
    clearTimeout(grace);
  }
}

async function shutInTime(booted: BootedHarness, ms: number): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new HarnessConnectionError('TIMEOUT', `the harness was not shut down within ${ms} ms`)),
    ms,
  );
  try {
    await Promise.race([booted.shutdown(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
