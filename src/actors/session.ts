import type { Driver, GuestAddress, GuestProcess, Image, LogLine, Resources } from '../drivers/driver.ts';
import type { HostMount } from '../drivers/host-mount.ts';
import type { GuestProbe, Preparation } from '../guest/index.ts';
import type { SshConnection } from '../ssh/index.ts';
import type { HostNpm } from './host-npm.ts';
import type { SharedAttempt } from './shared-attempt.ts';

/** Owns what must not live in a machine's context: handles, secrets, and operations still in flight. */
export interface Scope {
  /** Aborted when the release begins. */
  readonly signal: AbortSignal;
  /** Registers how a resource is released: in reverse order, once; at once where the release is over already. */
  add(name: string, release: () => unknown): void;
  /** Makes `release()` wait for an operation: aborting only asks it to stop. */
  track<T>(operation: Promise<T>): Promise<T>;
  /** Releases everything; answers what could not be released. Every caller waits for the same end. */
  release(): Promise<string[]>;
}

/** A file that is uploaded to the guest. */
export interface PayloadFile {
  readonly path: string;
  readonly content: Buffer | string;
}

/** What the guest is to be given, fixed before the boot. */
export interface Payload {
  /** `harness.mjs`, `package.json`, `package-lock.json`. */
  readonly files: readonly PayloadFile[];
  /** Names the content of all files. */
  readonly harnessDigest: string;
  /** Names the content of the package and lock file alone. */
  readonly packagesDigest: string;
}

/** How Node is put into a guest that has none. */
export interface GuestNode {
  readonly major: number;
  readonly source: 'auto' | 'npm' | 'nodesource';
}

/** The parts of the options that the actors need. */
export interface GuestPlan {
  readonly resources: Resources;
  readonly user: string;
  readonly password?: string | undefined;
  /** Private key of the user's own, already read. */
  readonly privateKey?: string | undefined;
  readonly directory: string;
  readonly node: GuestNode;
  /** What is installed besides the harness's own packages. */
  readonly preparation?: Preparation | undefined;
  /** Folders of the host that the guest sees; in the order in which the driver offers them. */
  readonly mounts: readonly HostMount[];
  /** Guest loopback port → host loopback port. */
  readonly hostPorts: ReadonlyMap<number, number>;
}

/** What a VM's disk is to be kept as. */
export interface ImageToKeep {
  readonly key: string;
  readonly description: string;
  /** What the VM was cloned from. */
  readonly base: Image;
  /** The key pair that the image lets in, for drivers that cannot put a key into a clone. */
  readonly login?: { readonly publicKey: string; readonly privateKey: string };
}

/** How a VM's harness waits to be claimed. Secret. */
export interface Parking {
  readonly secret: string;
  /** A claim gives the machine an identity of its own: its memory is, or may become, another's too. */
  readonly renews: boolean;
  /** Resolved when the machine has an identity of its own: before, nobody can log in to one that renews. */
  readonly renewed: PromiseWithResolvers<void>;
}

/** A VM that is the copy of a running one, and has that one's identity until it was renewed. Secret. */
export interface CopyOfRunning {
  /** What its harness serves until then. */
  readonly token: string;
  /** Resolved when it has an identity and a token of its own. */
  readonly renewed: PromiseWithResolvers<void>;
}

/** Keeps a VM in the journal of what this user's programs own. */
export interface Ownership {
  /** Before anything of the VM exists: resolves when it is written down, and somebody stands by to end it after us. */
  intend(signal: AbortSignal): Promise<void>;
  /** Nothing of the VM is left. */
  forget(): Promise<void>;
  /** Resolves when all that is known of it by now is written down. */
  settled(): Promise<void>;
}

/** Spans of a VM, as `TRACEPARENT` has them. */
export interface VmTraceparents {
  /** Of the state that it is in. */
  readonly traceparent: () => string | undefined;
  /** Of its whole life. */
  readonly vmTraceparent: string | undefined;
}

/** Everything the actors of one VM share. Lives beside the machine, never in it: it holds secrets and sockets. */
export interface VmSession {
  readonly name: string;
  readonly driver: Driver;
  readonly image: Image;
  readonly plan: GuestPlan;
  readonly payload: Payload;
  /** What the disk is to be kept as, once the packages are there; undefined: it is not. */
  readonly keep?: ImageToKeep | undefined;
  /** The harness waits to be claimed; undefined: it serves at once. */
  parking?: Parking | undefined;
  /** Template that the VM starts from; undefined: it boots. */
  readonly template?: string | undefined;
  /** The template is another VM as it ran; undefined: there is none, or one whose harness waits to be claimed. */
  readonly copy?: CopyOfRunning | undefined;
  /** It runs already, and is taken over. */
  readonly isAdopted?: boolean;
  /** The VM is to become a template. */
  readonly snapshotable?: boolean | undefined;
  readonly scope: Scope;
  readonly log: LogLine;
  /** Which spans its programs belong to; undefined where nobody traces. */
  spans?: VmTraceparents | undefined;
  /** Undefined where the VM ends with this process anyway. */
  owned?: Ownership | undefined;
  /** It was given to nobody, and lives on: its release lets go of it. */
  isDetached?: boolean;
  /** The key pair made for this VM alone. */
  keys: { readonly publicKey: string; readonly privateKey: string };
  /** The harness's token, made for this VM alone. */
  readonly token: string;
  /** The harness's environment; emptied once the harness has it. */
  envs: Readonly<Record<string, string>>;
  hostNpm?: HostNpm;
  process?: GuestProcess;
  address?: GuestAddress;
  connection?: SshConnection;
  /** The connection that is being made. */
  connecting?: SharedAttempt<SshConnection>;
  /** True once a connection has brought the host's ports. */
  portsForwarded?: boolean;
  /** Host key seen at first contact: every later connection must show the same. */
  hostKey?: string;
  /** True once the VM's own key is in the guest. */
  keyInstalled?: boolean;
  probe?: GuestProbe;
  /** Where the harness answers, without the token. */
  harnessUrl?: string;
  /** The watch over the harness; undefined where nobody watches it, or no longer. */
  harnessWatch?: HarnessWatch;
  /** The error behind the machine's failure, kept whole for the caller. */
  lastError?: unknown;
  /** The guest's console when a step failed: it goes with the guest's files. */
  consoleAtFailure?: string;
}

/** One watch over the harness. */
export interface HarnessWatch {
  /** Resolves when the harness has ended, with the tail of its log; rejects when it can no longer be seen. */
  readonly ended: Promise<HarnessExit>;
}

/** How the harness ended. */
export interface HarnessExit {
  readonly code: number | null;
  readonly stderrTail: string;
}

/** What the actors get from the composition root. */
export interface ActorDeps {
  /** The session of a VM; throws INTERNAL for an unknown id. */
  session(vmId: string): VmSession;
}
