import { deferred } from '../deferred.ts';
import { HarnessError } from '../errors.ts';

/** The work's result, or a rejection with UNAVAILABLE after `ms`. The work itself goes on. */
export async function deadline<T>(work: Promise<T>, ms: number, message: string): Promise<T> {
  const { promise, reject } = deferred<never>();
  const timer = setTimeout(() => reject(new HarnessError('UNAVAILABLE', 503, message)), ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
