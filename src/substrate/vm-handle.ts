import type { VmEmitted, VmFailure } from '../machines/vm/index.ts';
import type { TimelineEntry } from './timeline.ts';

/** A VM's events, with the time they were seen. */
export type VmHandleEvent = VmEmitted & { readonly at: number };

/** What a program may see of a VM while it lives and after. */
export interface VmHandle {
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
  /** The last lines of the guest's console. */
  consoleTail(): Promise<string>;
}
