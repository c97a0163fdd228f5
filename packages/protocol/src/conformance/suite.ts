import type { IdentitySource } from '../identity.ts';
import { healthResponse } from '../responses.ts';
import type { ConformanceCheck, ConformanceLevel } from './check.ts';
import { chatChecks, endChecks, eventChecks } from './events.ts';
import { ConformanceError, NotPromised, shaped } from './expect.ts';
import { fileChecks } from './files.ts';
import { answered, Probe, type Subject } from './probe.ts';
import { resendCareChecks, resendChecks, resentTurnChecks } from './resent.ts';
import { healthChecks, sessionChecks } from './sessions.ts';
import { careChecks, faultChecks, hostileChecks, pageChecks } from './strict.ts';
import type { ConformanceTarget } from './target.ts';
import { permissionChecks, turnChecks } from './turns.ts';

/** Every check, in the order in which they run. */
export const conformanceChecks: readonly ConformanceCheck[] = [
  ...healthChecks,
  ...sessionChecks,
  ...eventChecks,
  ...endChecks,
  ...chatChecks,
  ...resendChecks,
  ...turnChecks,
  ...resentTurnChecks,
  ...permissionChecks,
  ...fileChecks,
  ...hostileChecks,
  ...pageChecks,
  ...faultChecks,
  ...careChecks,
  ...resendCareChecks,
];

/** Options of {@link runConformanceSuite}. */
export interface ConformanceOptions {
  /** @defaultValue the first that health names */
  readonly engine?: string | undefined;
  /** @defaultValue the first that health names */
  readonly loader?: string | undefined;
  /** @defaultValue an inline identity */
  readonly source?: IdentitySource | undefined;
  /** Environment of each session. Secret. */
  readonly envs?: Readonly<Record<string, string>> | undefined;
  /** Engine options of each session. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /** A message that the engine answers with a turn. Without it the checks of turns are left out. */
  readonly turn?: string | undefined;
  /** A message whose turn asks for one permission at least. Without it the checks of permissions are left out. */
  readonly permissionTurn?: string | undefined;
  /** @defaultValue "strict" */
  readonly level?: ConformanceLevel | undefined;
  /** How long one check may take. @defaultValue 30 s */
  readonly timeoutMs?: number | undefined;
  /** Ends the run: no check begins any more. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each check as soon as it is over. */
  readonly onResult?: ((result: ConformanceResult) => void) | undefined;
}

/** What became of one check. */
export interface ConformanceResult {
  readonly group: string;
  readonly name: string;
  /**
   * `skipped`: the options do not name the message that it needs, it is for servers without a secret, or about what this
   * one does not promise.
   */
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly error?: Error;
}

/** What became of all. */
export interface ConformanceReport {
  readonly passed: readonly ConformanceResult[];
  readonly failed: readonly ConformanceResult[];
  readonly skipped: readonly ConformanceResult[];
}

/** A server that is there, or one for each check. */
export type TargetSource = ConformanceTarget | (() => ConformanceTarget | Promise<ConformanceTarget>);

const TIMEOUT_MS = 30_000;
/** The least that an agent must say of itself. */
const MANIFEST = { name: 'conformance', version: '1.0.0' };

/**
 * Holds a server of the Harness Protocol to what the protocol says. Rejects only when the signal ends it.
 */
export async function runConformanceSuite(
  source: TargetSource,
  options: ConformanceOptions = {},
): Promise<ConformanceReport> {
  const results: ConformanceResult[] = [];
  const wanted = conformanceChecks.filter(
    ({ level }) => level === 'protocol' || options.level !== 'protocol',
  );
  for (const check of wanted) {
    options.signal?.throwIfAborted();
    const result = await runConformanceCheck(check, source, options);
    options.onResult?.(result);
    results.push(result);
  }
  const having = (outcome: ConformanceResult['outcome']) =>
    results.filter((each) => each.outcome === outcome);
  return { passed: having('passed'), failed: having('failed'), skipped: having('skipped') };
}

/** Runs one check. Never rejects. */
export async function runConformanceCheck(
  check: ConformanceCheck,
  source: TargetSource,
  options: ConformanceOptions = {},
): Promise<ConformanceResult> {
  const { group, name, needs } = check;
  const isMessage = needs !== undefined && needs !== 'noSecret';
  if (isMessage && options[needs] === undefined) return { group, name, outcome: 'skipped' };
  try {
    const outcome = await inTime((signal) => attempt(check, source, options, signal), options);
    return { group, name, outcome };
  } catch (error) {
    return {
      group,
      name,
      outcome: 'failed',
      error: error instanceof Error ? error : new Error(String(error)),
    };
  }
}

async function attempt(
  check: ConformanceCheck,
  source: TargetSource,
  options: ConformanceOptions,
  signal: AbortSignal,
): Promise<'passed' | 'skipped'> {
  const target = typeof source === 'function' ? await source() : source;
  try {
    if (check.needs === 'noSecret' && target.hasSecret === true) return 'skipped';
    const ended = endOf(signal);
    const subject = await Promise.race([subjectOf(target, options, signal), ended]);
    const probe = new Probe(target, subject, signal);
    try {
      await Promise.race([check.run(probe), ended]);
      return 'passed';
    } catch (error) {
      if (error instanceof NotPromised) return 'skipped';
      throw error;
    } finally {
      await probe.close();
    }
  } finally {
    if (typeof source === 'function') await target.close?.();
  }
}

async function subjectOf(
  target: ConformanceTarget,
  options: ConformanceOptions,
  signal: AbortSignal,
): Promise<Subject> {
  const { engine, loader, source = { type: 'inline', manifest: MANIFEST }, ...rest } = options;
  const { envs, options: engineOptions, turn, permissionTurn } = rest;
  const isNamed = engine !== undefined && loader !== undefined;
  const first = isNamed ? { engine, loader } : await firstOf(target, signal);
  const named = { engine: engine ?? first.engine, loader: loader ?? first.loader };
  return { ...named, source, envs, options: engineOptions, turn, permissionTurn };
}

/** What health names first. */
async function firstOf(target: ConformanceTarget, signal: AbortSignal) {
  const response = await target.request('/v1/health', { signal });
  const { engines, loaders } = shaped(healthResponse, await answered(response, 200), 'health');
  const [engine] = Object.keys(engines);
  const [loader] = loaders;
  if (engine !== undefined && loader !== undefined) return { engine, loader };
  throw new ConformanceError('health names no engine or no loader');
}

/**
 * Ends a check that hangs, though no request of it heeds that it is aborted. What it has made is removed then, for which it
 * has as long again: a server that hangs at that too is left behind.
 */
async function inTime<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { signal, timeoutMs = TIMEOUT_MS }: ConformanceOptions,
): Promise<T> {
  const ended = new AbortController();
  const { promise: leftBehind, reject } = Promise.withResolvers<never>();
  const end = (reason: Error): void => {
    clearTimeout(timer);
    timer = setTimeout(() => reject(reason), timeoutMs);
    ended.abort(reason);
  };
  const late = new ConformanceError(`it is not over after ${timeoutMs} ms`);
  let timer = setTimeout(() => end(late), timeoutMs);
  const abort = (): void => end(signal?.reason as Error);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work(ended.signal), leftBehind]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    ended.abort();
  }
}

/** Rejects when the signal is aborted, with its reason. */
async function endOf(signal: AbortSignal): Promise<never> {
  signal.throwIfAborted();
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
