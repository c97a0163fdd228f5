import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';

const BEARER = /^Bearer +(\S+)$/i;

/** The token that a request carries, as the path's prefix or as a header, if any. */
export function givenToken(context: Context): string | undefined {
  return context.req.param('token') ?? bearerOf(context);
}

/** What the Authorization header bears. */
export function bearerOf(context: Context): string | undefined {
  return BEARER.exec(context.req.header('authorization') ?? '')?.[1];
}

/** Tells the secret from anything else, in the same time whatever is given. */
export function isSecret(secret: string): (given: string) => boolean {
  const expected = digest(secret);
  return (given) => timingSafeEqual(digest(given), expected);
}

/** Of one length for any text, as the comparison needs. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
