import type { WireErrorCode } from '@computeragent/protocol';

/** Statuses that the harness answers a rejected request with. */
export type RejectStatus = 400 | 401 | 403 | 404 | 409 | 410 | 413 | 415 | 416 | 429 | 500 | 503 | 507;

/** What the harness rejects a request with: becomes the error envelope of the wire. */
export class HarnessError extends Error {
  override readonly name = 'HarnessError';
  readonly code: WireErrorCode;
  readonly status: RejectStatus;
  readonly details: unknown;

  constructor(
    code: WireErrorCode,
    status: RejectStatus,
    message: string,
    init: { readonly details?: unknown; readonly cause?: unknown } = {},
  ) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
    this.status = status;
    this.details = init.details;
  }
}

/** The system's error code ("ENOENT"), or undefined where the error has none. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
