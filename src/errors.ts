/**
 * Every reason this package rejects or throws with. The list is closed: a caller may switch over it.
 * What each one means, and what to do, is in docs/errors.md.
 */
export const ERROR_CODES = [
  'OPTION_INVALID',
  'UNSUPPORTED',
  'TOOL_MISSING',
  'TOOL_TOO_OLD',
  'PERMISSION_DENIED',
  'IMAGE_NOT_FOUND',
  'IMAGE_BUILD_FAILED',
  'IMAGE_DOWNLOAD_FAILED',
  'NAME_TAKEN',
  'LIMIT_REACHED',
  'DISK_FULL',
  'CLONE_FAILED',
  'BOOT_FAILED',
  'PORT_TAKEN',
  'GUEST_EXITED',
  'DIAL_FAILED',
  'SSH_KEY_UNREADABLE',
  'SSH_UNREACHABLE',
  'SSH_AUTH_FAILED',
  'SSH_HOST_KEY_CHANGED',
  'WRONG_GUEST',
  'SSH_CLOSED',
  'COMMAND_FAILED',
  'COMMAND_TIMEOUT',
  'UPLOAD_FAILED',
  'NODE_INSTALL_FAILED',
  'NPM_INSTALL_FAILED',
  'PREPARE_FAILED',
  'HARNESS_CRASHED',
  'HARNESS_UNHEALTHY',
  'STEP_TIMEOUT',
  'RELEASE_FAILED',
  'ABORTED',
  'INTERNAL',
] as const;

/** One of {@link ERROR_CODES}. */
export type VzvmErrorCode = (typeof ERROR_CODES)[number];

/** Plain, JSON-safe facts about a failure. Never a secret: facts are logged and shown. */
export type ErrorFacts = Readonly<Record<string, string | number | boolean | undefined>>;

/** What {@link VzvmError} is made from. */
export interface VzvmErrorInit {
  /** The facts that led to the error: names, paths, exit codes, durations. No secrets. */
  readonly facts?: ErrorFacts;
  /** What to do about it: where one exists, the exact next command. */
  readonly hint?: string;
  /**
   * Whether trying the same thing again is safe and may help.
   * @defaultValue "unsafe"
   */
  readonly retry?: 'safe' | 'unsafe';
  /** The last lines that the failed program wrote, already bounded by {@link tail}. */
  readonly stderrTail?: string;
  /** Exit code of the failed program. */
  readonly exitCode?: number;
  /** What caused it. */
  readonly cause?: unknown;
}

const REPORT =
  "this is a bug of this package: report it with this error, its cause, and a trace of it, as the option trace: 'boot.ndjson' writes one";

/** The one error class of this package. `code` says what happened, `hint` what to do. */
export class VzvmError extends Error {
  override readonly name = 'VzvmError';
  readonly code: VzvmErrorCode;
  readonly facts: ErrorFacts;
  readonly hint: string | undefined;
  readonly retry: 'safe' | 'unsafe';
  readonly stderrTail: string | undefined;
  readonly exitCode: number | undefined;

  constructor(code: VzvmErrorCode, message: string, init: VzvmErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
    this.facts = init.facts ?? {};
    this.hint = init.hint ?? (code === 'INTERNAL' ? REPORT : undefined);
    this.retry = init.retry ?? 'unsafe';
    this.stderrTail = init.stderrTail;
    this.exitCode = init.exitCode;
  }
}

/** True for a cancelled operation: an AbortError of the platform, or our own `ABORTED`. Cancelled is not failed. */
export function isAborted(error: unknown): boolean {
  if (error instanceof VzvmError) return error.code === 'ABORTED';
  return error instanceof Error && error.name === 'AbortError';
}

/** The message of anything that was thrown. It never throws itself: whoever tells of an error has more to do. */
export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return 'an error that cannot be read';
  }
}

/** The last `limit` characters, cut at a line's start where there is one: enough to explain, too little to flood. */
export function tail(text: string, limit = 4096): string {
  if (text.length <= limit) return text.trimEnd();
  const cut = text.slice(-limit);
  const lineStart = cut.indexOf('\n') + 1;
  return cut.slice(lineStart).trimEnd();
}
