import type { Logger } from 'pino';
import type { InspectionEvent } from 'xstate';
import type { Driver } from '../drivers/driver.ts';
import type { GuestNetwork } from '../drivers/guest-network.ts';
import type { StepRetries, StepTimeouts } from '../machines/vm/index.ts';
import type { Progress } from '../progress/index.ts';
import type { InspectorOptions, TraceOptions } from './inspection/options.ts';
import type { VmHandle } from './vm-handle.ts';

/** Options of {@link VZVMSubstrate}. Every one is optional. */
export interface VZVMSubstrateOptions {
  /**
   * What VMs are cloned from. Tart: a local or remote image name. QEMU: `debian:12` (built on this host once), or a
   * path or https URL of a qcow2 or raw cloud image.
   * @defaultValue "ghcr.io/cirruslabs/ubuntu:latest" with Tart, "debian:12" with QEMU
   */
  readonly baseImage?: string;
  /**
   * User that SSH logs in as.
   * @defaultValue "admin"
   */
  readonly sshUser?: string;
  /** Password for first contact; afterwards a key made for the VM is used. */
  readonly sshPassword?: string;
  /** Private key file for first contact, without a passphrase. */
  readonly sshPrivateKeyPath?: string;
  /** The `tart` executable. @defaultValue "tart" on PATH */
  readonly tartBin?: string;
  /** Where the harness lives in the guest. @defaultValue "/home/<sshUser>/harness" */
  readonly remoteWorkdir?: string;
  /** The harness bundle to upload. @defaultValue the one in this package */
  readonly bundlePath?: string;
  /**
   * First pause between two looks at the guest's readiness, in milliseconds; the next ones are twice as long, those
   * between attempts to log in up to ten times.
   * @defaultValue 100
   */
  readonly readinessPollMs?: number;
  /** One deadline for `ip-polling`, `ssh-connect` and `spawn` each, in milliseconds; `timeouts` wins. */
  readonly readinessTimeoutMs?: number;
  /** Called with each line of progress. Never holds a secret. */
  readonly onLog?: (line: string) => void;
  /**
   * Called on each change of what is under way, and now and then while a step is slower than usual: with all steps so
   * far, their times, and of a slow one what it waits for and what can be done. An exception in it changes nothing.
   * `createTerminalProgress()` makes one that shows it.
   */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Records what happens to this substrate's VMs into a file that only you may read, for `npx vzvm trace` and `npx vzvm replay`:
   * lines of JSON, without secrets, at most 64 MiB. One that is no trace is not overwritten. Trouble with the file is a line in
   * the log, and changes nothing else.
   */
  readonly trace?: string | TraceOptions;
  /** Called with each VM as soon as there is one: to follow its boot. An exception in it changes nothing. */
  readonly onVm?: (vm: VmHandle) => void;
  /** Back end: by name, or your own. @defaultValue "tart" on a Mac that has it, else "qemu" */
  readonly driver?: 'tart' | 'qemu' | Driver;
  /** How QEMU runs the guest's processors. @defaultValue "auto": KVM or HVF where a trial boot with it succeeds, else emulation */
  readonly accelerator?: 'auto' | 'kvm' | 'hvf' | 'tcg';
  /**
   * Where packets of VMs may go, with Tart: `"nat"`, `"softnet"` (the internet and the host, no private network),
   * `"host"` (nothing but the host), `{ bridged: "en0" }`, or `{ softnet: { allow, block } }` with networks as CIDR.
   * Other drivers know `"nat"` alone.
   * @defaultValue "nat"
   */
  readonly network?: GuestNetwork;
  /** Where VMs live while they exist. @defaultValue `VZVM_HOME`, else the platform's state folder */
  readonly stateDir?: string;
  /** Where images are kept. @defaultValue `VZVM_CACHE`, else the platform's cache folder */
  readonly cacheDir?: string;
  /** What prepared images may take on the host's disk, in GiB: then the least recently used go, but none in use. @defaultValue 20 */
  readonly imageBudgetGiB?: number;
  /** Virtual processors. @defaultValue 2 */
  readonly cpu?: number;
  /** Memory in MiB. @defaultValue 2048 */
  readonly memoryMiB?: number;
  /** Disk in GiB, when it is to be larger than the image's. */
  readonly diskGiB?: number;
  /** How a guest without Node 20 or newer gets one. @defaultValue `{ major: 22, source: "auto" }` */
  readonly guestNode?: { readonly major?: number; readonly source?: 'auto' | 'npm' | 'nodesource' };
  /**
   * Whether VMs start from a prepared image, which has Node and the packages: kept from the first VM that was given
   * them. An object adds Debian packages, and a shell script that runs as the guest's user, who may use sudo.
   * @defaultValue "auto"
   */
  readonly prepare?: 'auto' | 'never' | { readonly packages?: readonly string[]; readonly script?: string };
  /**
   * Keeps VMs that have booted already, for whoever asks next. `size`: how many; `memoryBudgetMiB`: what those that nobody
   * has taken may use in all, half of the host's by default, and never more than it can spare; `maxIdleMs`: when one
   * that was not taken is replaced by a fresh one.
   * @defaultValue none
   */
  readonly warm?: {
    readonly size: number;
    readonly memoryBudgetMiB?: number;
    readonly maxIdleMs?: number;
  };
  /** VMs that may run at the same time, the warm ones included; further boots wait in a queue. @defaultValue no limit */
  readonly maxConcurrent?: number;
  /**
   * Whether VMs start from a template where the driver can save memory: as a copy of a VM that has booted already, with
   * an identity of its own. Where there is no template a VM boots, and a template is made beside it while it is in use.
   * @defaultValue "auto"
   */
  readonly fork?: 'auto' | 'never';
  /**
   * Folders of this host that guests see, with Tart: `{ [folder in the guest]: folder of the host }`, which they only read;
   * `{ path, writable: true }` lets them write. Other drivers refuse them: `UNSUPPORTED`.
   * @defaultValue none
   */
  readonly mounts?: Readonly<Record<string, string | { readonly path: string; readonly writable?: boolean }>>;
  /**
   * Ports of the host's loopback that the guest reaches on its own loopback: `{ [guestPort]: hostPort }`.
   * Carried by SSH; nothing listens beyond loopback on either side.
   */
  readonly hostPorts?: Readonly<Record<number, number>>;
  /**
   * Deadlines by step, in milliseconds, over all attempts of the step; `healthy`: for how long the connection to the
   * guest may be lost.
   */
  readonly timeouts?: Partial<StepTimeouts>;
  /** Attempts by step. */
  readonly retries?: Partial<StepRetries>;
  /** Ends every VM of this substrate, and every boot under way. */
  readonly signal?: AbortSignal;
  /**
   * Keeps a VM whose boot failed, for a look, until `dispose()` or the end of this program: `npx vzvm ssh NAME`,
   * `npx vzvm logs NAME`; `vm.detach()` keeps it beyond that.
   * @defaultValue false
   */
  readonly keepOnFailure?: boolean;
  /** Receives progress as structured lines. */
  readonly logger?: Pick<Logger, 'info' | 'warn' | 'error' | 'debug'>;
  /**
   * Receives xstate's inspection events of every VM, as `createActor({ inspect })` hands them out: a function, or an
   * observer such as the inspectors of `@statelyai/inspect` have. An exception in it changes nothing.
   */
  readonly inspect?: ((event: InspectionEvent) => void) | { next?: (event: InspectionEvent) => void };
  /**
   * Serves a page on loopback that shows every VM of this process while it runs, as `docs/inspector.md` says. One page
   * for all substrates of the process: the options of the first one count.
   * @defaultValue false
   */
  readonly inspector?: boolean | InspectorOptions;
}

/** Of a VM whose options say nothing. */
export const DEFAULT_MEMORY_MIB = 2048;
