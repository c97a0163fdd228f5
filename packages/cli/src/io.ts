/** What a command has of the world. */
export interface Io {
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** Text for whoever reads the answer. */
  readonly out: (text: string) => void;
  /** One line for whoever watches. */
  readonly log: (line: string) => void;
  /** Where questions are asked. */
  readonly terminal: NodeJS.WritableStream;
}

/** How a command ends. */
export const EXIT = { done: 0, failed: 1, usage: 64, cancelled: 130 } as const;

/** A command line that makes no sense: the usage is the answer. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What went wrong, and what to do about it. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly hint: string;

  constructor(message: string, hint: string, init: { readonly cause?: unknown } = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.hint = hint;
  }
}
