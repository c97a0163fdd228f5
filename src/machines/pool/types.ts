/** What the pool's machine is started with. Any number may be Infinity: it then is no limit. */
export interface PoolInput {
  /** VMs to keep parked. With 0 every claim is cold. */
  readonly size: number;
  /** Memory that VMs nobody has claimed yet may take in all. @defaultValue Infinity */
  readonly memoryBudgetMiB?: number;
  readonly vmMemoryMiB: number;
  /** How long a VM may be parked before it is replaced. @defaultValue Infinity */
  readonly maxIdleMs?: number;
  /** VMs that may run at the same time in all: parked, booting, claimed, or on their way out. @defaultValue Infinity */
  readonly maxConcurrent?: number;
  /** VMs that may boot for the pool at the same time. @defaultValue 2 */
  readonly maxSimultaneousBoots?: number;
  /** First pause after a failed boot; it doubles with each that follows. @defaultValue 500 */
  readonly backOffMs?: number;
  /** Longest pause after a failed boot. @defaultValue 60000 */
  readonly maxBackOffMs?: number;
}

/** The input as the chart counts with it: whole, finite numbers that JSON keeps. */
export interface PoolLimits {
  /** VMs to keep parked, as far as the memory allows. */
  readonly target: number;
  /** Unclaimed VMs that fit into the memory. */
  readonly capacity: number;
  /** null: a VM may be parked for ever. */
  readonly maxIdleMs: number | null;
  readonly maxConcurrent: number;
  readonly maxSimultaneousBoots: number;
  readonly backOffMs: number;
  readonly maxBackOffMs: number;
}

/** A VM with the claim that has it. */
export interface GivenVm {
  readonly vmId: string;
  readonly claimId: string;
}

/** What the pool remembers: ids and numbers. Every VM that has not ended is in exactly one of the four lists. */
export interface PoolContext {
  readonly limits: PoolLimits;
  /** VMs asked for so far: the next one's id is made from it. */
  readonly made: number;
  readonly booting: readonly string[];
  /** The oldest first. */
  readonly parked: readonly string[];
  readonly given: readonly GivenVm[];
  /** Unclaimed VMs that were told to go or that failed, and have not ended yet. */
  readonly leaving: readonly string[];
  /** The only parked VM, when it has idled for too long; it serves until a younger one is there. */
  readonly overdue: string | null;
  /** Claims that wait, the first to be served first. */
  readonly queue: readonly string[];
  /** Failed boots since the last one that succeeded. */
  readonly failures: number;
  readonly lastError: string | null;
}

/**
 * What the owner of the VMs tells the pool. Each VM that the pool asked for (by `boot` or `cold`) must end with one
 * VM.ENDED, told when nothing of it is left, whatever was told before. VM.IDLED is the chart's own.
 */
export type PoolEvent =
  | { readonly type: 'CLAIM'; readonly claimId: string }
  | { readonly type: 'CANCEL'; readonly claimId: string }
  | { readonly type: 'VM.PARKED'; readonly vmId: string }
  | { readonly type: 'VM.FAILED'; readonly vmId: string; readonly error: string }
  | { readonly type: 'VM.ENDED'; readonly vmId: string }
  | { readonly type: 'VM.IDLED'; readonly vmId: string }
  | { readonly type: 'DRAIN' };

/** Why a claim waits. */
export type QueuedReason = 'max-concurrent';
/** Why a claim gets no VM. */
export type RejectedReason = 'cancelled' | 'draining';

/**
 * What the pool tells the owner of the VMs. Each claim is answered by exactly one of `claimed`, `cold` and `rejected`;
 * `queued` may come before, again for each change of the position.
 */
export type PoolEmitted =
  /** Boot this VM for the pool: answered by VM.PARKED or VM.FAILED. */
  | { readonly type: 'boot'; readonly vmId: string }
  /** Stop booting this VM. */
  | { readonly type: 'abort'; readonly vmId: string }
  /** End this parked VM. */
  | { readonly type: 'release'; readonly vmId: string }
  /** This parked VM is this claim's. */
  | { readonly type: 'claimed'; readonly claimId: string; readonly vmId: string }
  /** No VM was parked: boot one for this claim, under this id. */
  | { readonly type: 'cold'; readonly claimId: string; readonly vmId: string }
  | {
      readonly type: 'queued';
      readonly claimId: string;
      /** From 1. */
      readonly position: number;
      readonly reason: QueuedReason;
    }
  | { readonly type: 'rejected'; readonly claimId: string; readonly reason: RejectedReason }
  /** Boots fail: none for the pool before this pause is over. */
  | {
      readonly type: 'cooling';
      readonly failures: number;
      readonly pauseMs: number;
      readonly error: string;
    }
  /** Every VM that the pool has asked for has ended. */
  | { readonly type: 'drained' };

/** What programs ask the pool for, instead of matching state names. */
export type PoolTag = 'filling' | 'full' | 'cooling' | 'draining';

/** What a state tells people. */
export interface PoolMeta {
  readonly title: string;
}

/** Which claim an action is about. */
export interface OfClaim {
  readonly claimId: string;
}

/** Which VM an action is about. */
export interface OfVm {
  readonly vmId: string;
}
