import { deferred } from '../deferred.ts';
import { HarnessError } from '../errors.ts';
import { rehearsalApp, rehearseOnce, type Round } from './rehearsal-round.ts';

/** After these the claim that counts is as fast as it gets; each takes milliseconds. */
const ROUNDS = 3;
/** Many times what they take on a slow machine, and less than whoever waits for the harness gives it. */
const REHEARSAL_MS = 60_000;
/** For letting go of what a rehearsal that was given up had open. */
const CLOSE_MS = 2_000;

/** Options of {@link rehearse}. */
export interface RehearsalOptions {
  readonly signal?: AbortSignal | undefined;
  /** What is asked. @defaultValue a parked harness of its own */
  readonly makeApp?: Round['makeApp'] | undefined;
}

/**
 * Does what a claim and the creation of a session will do, in an app of its own that is gone afterwards. Code that runs
 * for the first time has yet to be compiled: on a slow machine that is most of what a claim would take. The engine is
 * not run.
 * @throws HarnessError UNAVAILABLE with what it waited for, when it is not over in 60 s; the signal's reason.
 */
export async function rehearse({ signal, makeApp = rehearsalApp }: RehearsalOptions = {}): Promise<void> {
  signal?.throwIfAborted();
  const ended = new AbortController();
  const left = deferred<never>();
  let asked = 'nothing';
  const end = (reason: unknown): void => {
    clearTimeout(timer);
    ended.abort(reason);
    // Its reason is told in any case, also where something does not close.
    timer = setTimeout(() => left.reject(reason), CLOSE_MS);
  };
  let timer = setTimeout(() => end(tooLate(asked)), REHEARSAL_MS);
  const cancel = (): void => end(signal?.reason);
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    const round = { signal: ended.signal, onRequest: (what: string) => void (asked = what), makeApp };
    await Promise.race([rehearseAll(round), left.promise]);
  } catch (error) {
    throw ended.signal.aborted ? ended.signal.reason : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', cancel);
  }
}

async function rehearseAll(round: Round): Promise<void> {
  for (let count = 0; count < ROUNDS; count += 1) await rehearseOnce(round);
}

function tooLate(asked: string): HarnessError {
  const message = `the rehearsal was not over within ${REHEARSAL_MS} ms: it waited for the answer to ${asked}`;
  return new HarnessError('UNAVAILABLE', 503, message, { details: { timeoutMs: REHEARSAL_MS, asked } });
}
