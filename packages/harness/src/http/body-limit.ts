import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HarnessError } from '../errors.ts';

/** Ends what a request may cost in memory: a larger body is refused. */
export function limitBody(maxSize: number): MiddlewareHandler {
  return bodyLimit({
    maxSize,
    onError: () => {
      throw new HarnessError('TOO_LARGE', 413, `the body is over ${maxSize} bytes`);
    },
  });
}
