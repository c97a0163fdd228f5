/** Why a folder cannot be sent: it is not there, leads out of itself, holds what is no file, or is too large. */
export type SourceErrorCode =
  'SOURCE_NOT_FOUND' | 'SOURCE_LINK' | 'SOURCE_UNREADABLE' | 'SOURCE_TOO_LARGE' | 'SOURCE_INVALID';

/** An agent's folder on this machine cannot be sent to the harness. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly code: SourceErrorCode;

  constructor(code: SourceErrorCode, message: string, init: { readonly cause?: unknown } = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
  }
}
