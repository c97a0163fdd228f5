/** Every reason that this package rejects or throws with. The list is closed: a caller may switch over it. */
export const LOCAL_ERROR_CODES = [
  'OPTION_INVALID',
  'ENGINE_MISSING',
  'SPAWN_FAILED',
  'HARNESS_EXITED',
  'READINESS_TIMEOUT',
  'RELEASE_FAILED',
] as const;

/** One of {@link LOCAL_ERROR_CODES}. */
export type LocalErrorCode = (typeof LOCAL_ERROR_CODES)[number];

/** What a {@link LocalSubstrateError} is made from. */
export interface LocalErrorInit {
  /** What led to it: paths, exit codes, durations. Never a secret. */
  readonly facts?: Readonly<Record<string, string | number | undefined>>;
  /** What to do about it. */
  readonly hint?: string;
  /** The last lines of the harness's log. */
  readonly logTail?: string;
  readonly cause?: unknown;
}

/** A harness on this host did not start, or did not end. `code` says what happened, `hint` what to do. */
export class LocalSubstrateError extends Error {
  override readonly name = 'LocalSubstrateError';
  readonly code: LocalErrorCode;
  readonly facts: Readonly<Record<string, string | number | undefined>>;
  readonly hint: string | undefined;
  readonly logTail: string | undefined;

  constructor(code: LocalErrorCode, message: string, init: LocalErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
    this.facts = init.facts ?? {};
    this.hint = init.hint;
    this.logTail = init.logTail;
  }
}
