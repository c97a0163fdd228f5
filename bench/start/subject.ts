/** How a VM is come by. Every choice is made: no default of the runtime decides what is measured. */
export interface How {
  readonly prepare: 'auto' | 'never';
  readonly fork: 'auto' | 'never';
  /** VMs that wait already, and no other. */
  readonly warm?: number;
}

/** A VM whose harness serves. */
export interface Served {
  readonly baseUrl: string;
  /** The states that it went through, those left out that had nothing to do. */
  readonly states: readonly string[];
}

/** A substrate, as a program has it that has just started. */
export interface Opened extends AsyncDisposable {
  boot(): Promise<Served>;
  /** Resolves with how many VMs wait. */
  warmUp(): Promise<number>;
}

/** What was measured, in milliseconds: of one VM or of several. */
export type Sample = Readonly<Record<string, readonly number[]>>;

/** What one driver has to be measured. */
export interface Subject extends AsyncDisposable {
  readonly about: Readonly<Record<string, string | number>>;
  open(how: How): Opened;
  /** The first command: resolves when the guest has answered it. */
  command(baseUrl: string): Promise<void>;
  /** Without the runtime: QEMU to a harness that was started by hand. */
  bootByHand(): Promise<Sample>;
  forkByHand(): Promise<Sample>;
  /** The sequence that the runtime replaces. */
  upstream(): Promise<Sample>;
}
