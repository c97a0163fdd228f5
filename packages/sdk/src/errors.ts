import { nearest } from '@computeragent/protocol/nearest';

/** What a {@link HarnessProtocolError} is made from. */
export interface ProtocolErrorInit {
  readonly code: string;
  readonly status: number;
  readonly details?: unknown;
}

/** The harness rejected a request. */
export class HarnessProtocolError extends Error {
  override readonly name: string = 'HarnessProtocolError';
  /** The harness's own code, or `HTTP_<status>` where it sent none. */
  readonly code: string;
  readonly status: number;
  readonly details: unknown;

  constructor(message: string, init: ProtocolErrorInit) {
    super(message);
    this.code = init.code;
    this.status = init.status;
    this.details = init.details;
  }
}

class UnknownNameError extends HarnessProtocolError {
  /** What was asked for. */
  readonly requested: string;
  /** What there is. */
  readonly available: readonly string[];

  constructor(what: string, requested: string, init: ProtocolErrorInit) {
    const available = namesIn(init.details);
    const near = nearest(requested, available);
    const hint = near === undefined ? '' : ` Did you mean ${near}?`;
    super(`unknown ${what} ${requested}; available: ${available.join(', ') || 'none'}.${hint}`, init);
    this.requested = requested;
    this.available = available;
  }
}

/** The harness has no such engine. */
export class UnknownEngineError extends UnknownNameError {
  override readonly name = 'UnknownEngineError';
}

/** The harness has no such identity loader. */
export class UnknownLoaderError extends UnknownNameError {
  override readonly name = 'UnknownLoaderError';
}

/** The harness has no such kind of session store. */
export class UnknownStoreError extends UnknownNameError {
  override readonly name = 'UnknownStoreError';
}

/**
 * Why nothing more is heard of a harness: it could not be reached, did not answer in time, closed the events before the
 * turn's end, or no longer has the events that come next.
 */
export type ConnectionErrorCode = 'UNREACHABLE' | 'TIMEOUT' | 'STREAM_ENDED' | 'EVENTS_LOST';

/** The harness did not answer, or stopped in the middle. */
export class HarnessConnectionError extends Error {
  override readonly name = 'HarnessConnectionError';
  readonly code: ConnectionErrorCode;

  constructor(code: ConnectionErrorCode, message: string, init: { readonly cause?: unknown } = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
  }
}

function namesIn(details: unknown): readonly string[] {
  const available = (details as { available?: unknown } | undefined)?.available;
  return Array.isArray(available) ? available.filter((name): name is string => typeof name === 'string') : [];
}
