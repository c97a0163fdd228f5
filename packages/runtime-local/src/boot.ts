import { randomBytes, randomUUID } from 'node:crypto';
import { type BootConfigInput, HARNESS_MARK, redaction } from '@computeragent/harness/host';
import { HarnessChild } from './child.ts';
import { LocalSubstrateError } from './errors.ts';
import { HarnessLog } from './harness-log.ts';
import type { Settings } from './options.ts';
import { programArgs } from './program.ts';
import { whenReady } from './ready.ts';

/** A harness that answers. */
export interface LocalHarness {
  readonly baseUrl: string;
  readonly child: HarnessChild;
}

/** Starts a harness and waits until it answers. One that does not is gone when this rejects. */
export async function boot(
  settings: Settings,
  envs: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<LocalHarness> {
  signal.throwIfAborted();
  const token = randomBytes(24).toString('base64url');
  const id = randomUUID();
  const log = new HarnessLog(settings.onLog, redaction([token, ...Object.values(envs)]));
  const config: BootConfigInput = {
    token,
    host: '127.0.0.1',
    port: 0,
    // The engine's environment is made anew: without this its programs would not bear the mark.
    env: { ...envs, [HARNESS_MARK]: id },
    lifeline: true,
    maxSessions: settings.maxSessions,
  };
  const args = await programArgs(settings.bundlePath);
  const { nodePath, env } = settings;
  const child = await HarnessChild.start({ nodePath, args, env, config: JSON.stringify(config), id, log });
  const deadline = AbortSignal.timeout(settings.readinessTimeoutMs);
  try {
    const wait = { token, pollMs: settings.readinessPollMs, signal: AbortSignal.any([signal, deadline]) };
    return { baseUrl: await Promise.race([whenReady(child, wait), whenExited(child)]), child };
  } catch (error) {
    await child.end(settings.shutdownGraceMs);
    signal.throwIfAborted();
    throw deadline.aborted ? tooLate(settings, log) : withLog(error, log);
  }
}

async function whenExited(child: HarnessChild): Promise<never> {
  const { exitCode, signal } = await child.exited;
  const how = signal === null ? `with exit code ${exitCode}` : `by ${signal}`;
  throw new LocalSubstrateError('HARNESS_EXITED', `the harness ended ${how} before it answered`, {
    facts: { exitCode: exitCode ?? undefined, signal: signal ?? undefined },
    hint: 'read the end of its log in the error',
  });
}

function tooLate({ readinessTimeoutMs }: Settings, { tail }: HarnessLog): LocalSubstrateError {
  const message = `the harness did not answer within ${readinessTimeoutMs} ms${ending(tail)}`;
  return new LocalSubstrateError('READINESS_TIMEOUT', message, {
    facts: { readinessTimeoutMs },
    hint: 'raise readinessTimeoutMs on a slow host',
    logTail: tail,
  });
}

function withLog(error: unknown, { tail }: HarnessLog): unknown {
  if (!(error instanceof LocalSubstrateError)) return error;
  const { code, message, facts, hint, cause } = error;
  const init = { facts, logTail: tail, cause, ...(hint === undefined ? {} : { hint }) };
  return new LocalSubstrateError(code, `${message}${ending(tail)}`, init);
}

function ending(tail: string): string {
  return tail === '' ? '; it wrote nothing' : `; the end of its log:\n${tail}`;
}
