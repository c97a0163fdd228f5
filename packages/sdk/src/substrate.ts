/** What a substrate is asked for. */
export interface BootHarnessOptions {
  /** The harness's environment; may hold keys. */
  readonly envs: Readonly<Record<string, string>>;
  /** For people: what this harness is for. */
  readonly label?: string;
  /** Ends the boot, and with it everything that it made. */
  readonly signal?: AbortSignal;
}

/** A harness that answers. */
export interface BootedHarness {
  /** Where it answers, without a slash at the end. May carry a secret as a path prefix. */
  readonly baseUrl: string;
  /** Ends it. Idempotent; every caller waits for the same end. */
  shutdown(): Promise<void>;
}

/** Where a harness runs: a VM, a process, a cloud. */
export interface Substrate {
  /** Boots a harness and resolves once it is healthy. A failed boot leaves nothing behind; the next call boots anew. */
  bootHarness(options: BootHarnessOptions): Promise<BootedHarness>;
}
