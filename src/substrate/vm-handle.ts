import type { VmEmitted, VmFailure } from '../machines/vm/index.ts';
import type { BootedHarness } from '@computeragent/sdk';
import type { TimelineEntry } from '../progress/index.ts';

/** A VM's events, with the time they were seen. */
export type VmHandleEvent = VmEmitted & { readonly at: number };

/** How a VM that runs is saved. */
export interface CheckpointOptions {
  /** Ends the saving; the VM runs on. */
  readonly signal?: AbortSignal;
}

/** How copies are made. */
export interface ForkOptions {
  /** How many. @defaultValue 1 */
  readonly count?: number;
  /** Ends the copying, and with it every copy of this call. */
  readonly signal?: AbortSignal;
}

/** How a VM is given to nobody. */
export interface DetachOptions {
  /** Milliseconds until it is ended, unless somebody has taken it over. @defaultValue one hour */
  readonly ttlMs?: number;
}

/** A VM that is nobody's. */
export interface DetachedVm {
  readonly name: string;
  /** When it is ended, in milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** What {@link VmHandle.checkpoint} and {@link VmHandle.fork} do. */
export interface Copies {
  /**
   * Saves this VM as it runs, memory and disk, to make copies of it, now or after its end. It stands still for some
   * tens of milliseconds at the end of it, an emulated one for tenths of a second. Takes as much of the host's disk as the VM has memory, with all its secrets,
   * until it is removed.
   * @throws VzvmError UNSUPPORTED where the driver cannot save memory, and for a VM that `bootHarness` has not given
   * yet; GUEST_EXITED when it does not serve; DISK_FULL; ABORTED.
   */
  checkpoint(options?: CheckpointOptions): Promise<Checkpoint>;
  /**
   * Makes copies of this VM as it runs: a checkpoint that is removed with the last of them.
   * @throws VzvmError as {@link Copies.checkpoint} and {@link Checkpoint.fork}.
   */
  fork(options?: ForkOptions): Promise<readonly BootedVm[]>;
}

/** A VM as it ran at one moment. It goes with its substrate, or with {@link Checkpoint.remove}. */
export interface Checkpoint extends AsyncDisposable {
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /**
   * VMs that go on from that moment, each by itself: with its files, processes, sessions and the environment of its
   * harness, but with a machine id, host name, SSH host key, login key, random state, clock, token and base URL of its
   * own. The ports of `hostPorts` are forwarded anew. Connections do not come along: of a turn under way, the request to
   * the model is lost, which the engine tries again or reports as an error; every other process runs on. What a program
   * has made secret or unique by itself before (keys, ids, seeds of its own) the copies have in common.
   *
   * All, or none: where one fails the others are ended.
   * @throws VzvmError OPTION_INVALID, LIMIT_REACHED by `maxConcurrent`, IMAGE_NOT_FOUND once it is removed, ABORTED;
   * BootError with the step that failed.
   */
  fork(options?: ForkOptions): Promise<readonly BootedVm[]>;
  /** Makes no more copies. Its files go with the last VM that is a copy of it, which needs them. Idempotent. */
  remove(): Promise<void>;
}

/** What {@link VZVMSubstrate.bootHarness} resolves with. */
export interface BootedVm extends BootedHarness {
  /** Where the harness answers. Carries the token as a path prefix, so it works with any client that knows a base URL. */
  readonly baseUrl: string;
  /** Stops and deletes the VM. Idempotent; every caller waits for the same end. Throws RELEASE_FAILED. */
  readonly shutdown: () => Promise<void>;
  /** The VM, to look at and to copy. */
  readonly vm: VmHandle;
}

/** What a program may see of a VM while it lives and after. */
export interface VmHandle extends Copies {
  /** The guest's name. */
  readonly name: string;
  /** Name of the driver that runs it. */
  readonly driver: string;
  /** Hypervisor acceleration: "kvm", "hvf", "tcg", "vz"; undefined when the driver does not tell. */
  readonly accelerator: string | undefined;
  /** What it was cloned from. */
  readonly image: { readonly ref: string; readonly digest: string };
  /** Process id of the hypervisor, once it runs. */
  readonly pid: number | undefined;
  /** The statechart's state, as xstate writes it. For people: programs use {@link tags}. */
  readonly state: unknown;
  /** The contract for programs: `provisioning`, `ready`, `failed`, `disposing`. Empty once disposed. */
  readonly tags: ReadonlySet<string>;
  /** Why the VM failed; undefined while it has not. */
  readonly failure: VmFailure | undefined;
  /** Each state so far, with start and duration. */
  readonly timeline: readonly TimelineEntry[];
  /** Calls back on each event from now on; answers how to stop that. An exception in it changes nothing. */
  on(listener: (event: VmHandleEvent) => void): () => void;
  /**
   * Gives the VM to nobody: it runs on when this program ends, until its time is over, and
   * {@link VZVMSubstrate.attach} takes it back, in any program of this user. `hostPorts` are not forwarded meanwhile. For
   * this program it has ended. One that has failed and is kept can be detached, to look into it with `npx vzvm ssh`.
   * @throws VzvmError OPTION_INVALID, UNSUPPORTED, GUEST_EXITED; the VM is then as before.
   */
  detach(options?: DetachOptions): Promise<DetachedVm>;
  /** The last lines of the guest's console. */
  consoleTail(): Promise<string>;
}
