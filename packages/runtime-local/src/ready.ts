import { setTimeout as sleep } from 'node:timers/promises';
import type { ListeningLine } from '@computeragent/harness/host';
import type { HarnessChild } from './child.ts';
import { LocalSubstrateError } from './errors.ts';

/** What is waited for. */
export interface Readiness {
  readonly token: string;
  readonly pollMs: number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/**
 * Where the harness answers, without a slash at the end: on a port that the system chose and the harness already had when
 * it told of it. The token is the path's prefix, so that any client of the protocol can use it.
 */
export async function whenReady(child: HarnessChild, readiness: Readiness): Promise<string> {
  const line = await abortable(child.firstLine, readiness.signal);
  // It is about to end: how it did is the better answer.
  if (line === undefined) return abortable(new Promise<never>(() => undefined), readiness.signal);
  const origin = `http://127.0.0.1:${listeningLineOf(line).port}`;
  while (!(await isHealthy(origin, readiness))) {
    await sleep(readiness.pollMs, undefined, { signal: readiness.signal });
  }
  return `${origin}/t/${readiness.token}`;
}

/** It knows the token: whatever else may listen there does not. */
async function isHealthy(origin: string, { token, signal }: Readiness): Promise<boolean> {
  try {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${origin}/v1/health`, { headers, signal });
    await response.body?.cancel();
    return response.ok;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

function listeningLineOf(line: string): ListeningLine {
  try {
    const value = JSON.parse(line) as Partial<ListeningLine> | null;
    if (value?.event === 'listening' && Number.isInteger(value.port)) return value as ListeningLine;
  } catch {
    // Said below: a program that says something else is no harness.
  }
  throw new LocalSubstrateError('SPAWN_FAILED', 'the program did not say where it listens', {
    hint: 'read the log in the error; bundlePath must be a harness that takes --config-stdin',
  });
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
