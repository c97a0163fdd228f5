import * as z from 'zod';

/** Every code that the harness rejects a request with. */
export const ERROR_CODES = [
  'VALIDATION',
  'UNKNOWN_ENGINE',
  'UNKNOWN_LOADER',
  'UNKNOWN_STORE',
  'PATH_ESCAPE',
  'MISSING_PATH',
  'UNKNOWN_CALL_ID',
  'NOT_FOUND',
  'UNAUTHORIZED',
  'ALREADY_CLAIMED',
  'RENEWAL_FAILED',
  'HTTP_EXCEPTION',
  'CONFLICT',
  'SESSION_ENDED',
  'TOO_MANY_SESSIONS',
  'UNSUPPORTED_MEDIA_TYPE',
  'TOO_LARGE',
  'FORBIDDEN',
  'UNAVAILABLE',
  'STORE_FAILED',
  'INTERNAL',
] as const;

/** One of {@link ERROR_CODES}. */
export type WireErrorCode = (typeof ERROR_CODES)[number];

/** The body of every rejected request. A code that this version does not know is a text like any other. */
export const errorEnvelope = z.object({
  error: z.object({ code: z.string(), message: z.string(), details: z.unknown().optional() }),
});

/** The body of every rejected request. */
export interface ErrorEnvelope {
  readonly error: { readonly code: WireErrorCode; readonly message: string; readonly details?: unknown };
}
