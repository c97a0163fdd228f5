import type { Duplex } from 'node:stream';

/** What a driver's back end can do: abilities as data, so that callers ask instead of matching names. */
export interface DriverFeatures {
  /** RAM of a running guest can be saved and forked. */
  readonly memorySnapshot: boolean;
  /** The back end itself can restrict what the guest may reach. */
  readonly egressPolicy: boolean;
  /** Commands run in the guest without SSH. */
  readonly guestExec: boolean;
  /** The host can open a TCP connection to the guest's harness port without a tunnel through SSH. */
  readonly directRoute: boolean;
  /** {@link Driver.keepImage} works on a guest that runs, which runs on. */
  readonly keepsRunning: boolean;
  /** A key can be put into a clone of a kept image, so that nothing else has to let us in. */
  readonly takesKeys: boolean;
}

/** One thing that `check()` looked at, with the command that mends it. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'error';
  /** What was checked, for a list: "qemu-system-x86_64". */
  readonly subject: string;
  /** What was found. */
  readonly message: string;
  /** The exact command, or the one sentence, that mends it. */
  readonly fix?: string;
}

/** How SSH logs in at first contact with a guest of an image. */
export interface FirstLogin {
  readonly user: string;
  /** Known only for images that ship one (admin/admin). Never logged. */
  readonly password?: string;
  /** Known only for kept images whose driver cannot put a key into a clone. Never logged. */
  readonly privateKey?: string;
}

/** An image, resolved to exactly what will be cloned. */
export interface Image {
  /** As the user wrote it. */
  readonly ref: string;
  /** Names the content, so that two resolutions can be compared. */
  readonly digest: string;
  /** The login that the image itself is known to have; undefined when only the user can know. */
  readonly login?: FirstLogin;
  /** True when `clone` puts {@link CloneRequest.authorizedKey} into the guest before its first boot. */
  readonly acceptsKey: boolean;
}

/** Resources of one guest. */
export interface Resources {
  readonly cpu: number;
  readonly memoryMiB: number;
  /** Smallest size of the guest's disk; the image's own size when undefined. */
  readonly diskGiB?: number;
}

/** Everything `clone` needs. */
export interface CloneRequest {
  readonly image: Image;
  /** The guest's name, fixed before anything exists. See guest-name.ts. */
  readonly guest: string;
  readonly resources: Resources;
  /** User that is to exist in the guest. */
  readonly user: string;
  /** OpenSSH public key to put in where the image allows it. */
  readonly authorizedKey: string;
  /** Its RAM is kept in a file from the start, so that saving it as a template costs nothing. @defaultValue false */
  readonly snapshotable?: boolean;
}

/** How a guest's process ended. */
export interface ExitReport {
  readonly code: number | null;
  readonly signal: string | null;
  /** The last lines it wrote, bounded. */
  readonly stderrTail: string;
}

/** The hypervisor process that is the running guest. */
export interface GuestProcess {
  readonly pid: number;
  /** Resolves, never rejects, when the process has exited. */
  readonly exited: Promise<ExitReport>;
  /**
   * Rejects when the guest stands still though nobody asked it to, and will not go on: DISK_FULL, GUEST_EXITED. `log` is
   * told at once that it does, and when it goes on, without its name. Resolves when nothing is to be seen of it any more; rejects with
   * ABORTED, and holds nothing, after its signal. Absent where nobody can tell.
   */
  readonly standstill?: (watch: { readonly signal: AbortSignal; readonly log: LogLine }) => Promise<void>;
  /** Lets this program end although the guest runs on. Absent where it does so anyway. */
  readonly unref?: () => void;
}

/** Where a guest is reached. */
export interface GuestAddress {
  /** Host name or address that the host connects to. */
  readonly host: string;
  /** Host-side port for each guest port where ports are forwarded; the guest's own port where absent. */
  readonly ports?: Readonly<Record<number, number>>;
}

/** One guest of ours, as `list()` sees it. */
export interface GuestInfo {
  readonly name: string;
  readonly running: boolean;
}

/** What is needed to keep a guest's disk as an image. */
export interface KeepRequest {
  /** Stopped, or running where the driver `keepsRunning`. */
  readonly guest: string;
  /** Names what the disk holds. */
  readonly key: string;
  /** What the guest was cloned from. */
  readonly base: Image;
  /** What is on the disk, for people. */
  readonly description: string;
  /** The login that the sealed disk still has. The key is there where the driver `takesKeys` into clones. */
  readonly login: { readonly user: string; readonly privateKey?: string };
}

/** An image that was kept from a guest. */
export interface KeptImage {
  readonly key: string;
  /** Reference of the image that it was made from. */
  readonly base: string;
  readonly description: string;
  /** Bytes on the host's disk, without those of its base. */
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch. */
  readonly usedAt: number;
  /** A guest of this host rests on it. Undefined where none ever does. */
  readonly inUse?: boolean;
}

/** An image that the driver has built itself, for others to be made from. */
export interface BaseImage {
  readonly key: string;
  /** Bytes on the host's disk. */
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly usedAt: number;
  /** A kept image, a template or a guest of this host rests on it. */
  readonly inUse: boolean;
  /** It would be built otherwise today: nothing new will be made from it. */
  readonly isOutdated: boolean;
}

/** The images that a driver has built itself. */
export interface BaseImages {
  list(): Promise<readonly BaseImage[]>;
  /** Guests that run from it run on. Idempotent. */
  remove(key: string): Promise<void>;
}

/** RAM of running guests, saved and started from: drivers with `features.memorySnapshot` have it. */
export interface MemorySnapshots {
  /**
   * Saves a running guest, RAM and disk, as the template `key`. The guest runs on when `keepRunning`, else it has ended
   * (its files are still to be deleted). A failed or aborted save leaves no template.
   */
  save(request: { guest: string; key: string; keepRunning: boolean }, signal: AbortSignal): Promise<void>;
  /** Whether the template is there, whole, and made by what would run it: hypervisor version, accelerator, processor. */
  has(key: string, signal: AbortSignal): Promise<boolean>;
  /** Starts a guest from a template, which it shares memory with until it writes. It must be given an identity of its own before use. */
  fork(request: { guest: string; key: string }, signal: AbortSignal): Promise<GuestProcess>;
  /** Removes a template. Guests that run from it run on. Idempotent. */
  remove(key: string): Promise<void>;
  /** Keys of all templates. */
  list(): Promise<readonly string[]>;
  /** Bytes of a template on the host's disk; 0 where there is none. */
  bytesOf?(key: string): Promise<number>;
}

/** Receives progress as plain lines, for people. */
export type LogLine = (line: string) => void;

/** How an image is resolved. */
export interface ResolveOptions {
  readonly signal: AbortSignal;
  readonly log: LogLine;
}

/** How another process makes the same driver: its name, and options that are no secret. */
export interface DriverRecipe {
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
}

/**
 * A VM back end. Verbs take names, never handles: release must always be able to delete by name.
 * Every verb honours its AbortSignal and has a deadline of its own; every rejection is a VzvmError.
 */
export interface Driver {
  /** "qemu", "tart", "fake"… */
  readonly name: string;
  readonly features: DriverFeatures;
  /** Absent where guests end with the process that made them, or where nobody else could release them. */
  readonly recipe?: DriverRecipe;
  /** Hypervisor acceleration in use once known ("kvm", "hvf", "tcg", "vz"); undefined before the first image was resolved. */
  readonly accelerator: string | undefined;
  /** Is the back end installed, new enough and permitted? Never rejects for a missing tool: it reports. */
  check(signal: AbortSignal): Promise<readonly Finding[]>;
  /** Pulls or builds the image if need be. Throws IMAGE_NOT_FOUND, IMAGE_BUILD_FAILED, IMAGE_DOWNLOAD_FAILED, TOOL_MISSING, TOOL_TOO_OLD. */
  resolveImage(ref: string, options: ResolveOptions): Promise<Image>;
  /** Makes the guest's disk and settings. Never overwrites: NAME_TAKEN. Throws DISK_FULL, CLONE_FAILED. A failed or aborted clone leaves nothing. */
  clone(request: CloneRequest, signal: AbortSignal): Promise<void>;
  /** Starts the guest; resolves once the process runs. Throws BOOT_FAILED, LIMIT_REACHED, PORT_TAKEN. */
  start(guest: string, signal: AbortSignal): Promise<GuestProcess>;
  /** The process of a guest that runs, whoever has started it; undefined when it does not run. Absent with `recipe`. */
  adopt?(guest: string, signal: AbortSignal): Promise<GuestProcess | undefined>;
  /** One look at the guest's address; undefined: not yet. */
  address(guest: string, signal: AbortSignal): Promise<GuestAddress | undefined>;
  /** A byte stream to a TCP port in the guest. Throws DIAL_FAILED (retry "safe"). */
  dial(guest: string, port: number, signal: AbortSignal): Promise<Duplex>;
  /**
   * Fingerprints of the guest's SSH host keys, read by a way that leads to no other guest; empty where there is none, or
   * not yet. Absent where an address cannot lead to another guest.
   */
  hostKeys?(guest: string, signal: AbortSignal): Promise<readonly string[]>;
  /** The hardware address that the guest was given, by which it is told where its host keys are not known. Absent as that. */
  hardwareAddress?(guest: string): Promise<string | undefined>;
  /** The last lines of the guest's console, bounded; empty when there is none. */
  consoleTail(guest: string): Promise<string>;
  /** The file that the guest's console goes to; undefined where there is none. */
  consoleFile?(guest: string): string | undefined;
  /** Polite, then forced after `graceMs`, then waits until it is really gone. A guest that does not run, or exist, is fine. */
  stop(guest: string, graceMs: number): Promise<void>;
  /** Removes all the guest's files. Idempotent. Throws RELEASE_FAILED. */
  delete(guest: string): Promise<void>;
  /** Only ours, told by name. */
  list(): Promise<readonly GuestInfo[]>;
  /** Keeps a guest's disk as an image. One that is kept under the key already stays. A failed or aborted keep leaves nothing. Throws DISK_FULL, IMAGE_BUILD_FAILED. */
  keepImage(request: KeepRequest, signal: AbortSignal): Promise<void>;
  /** Runs `work` while no other process prepares the image `key`; those who wait are shown what it tells. */
  whileBuilding<T>(key: string, options: ResolveOptions, work: (tell: LogLine) => Promise<T>): Promise<T>;
  /** The image kept under a key, marked as used; undefined when there is none, or none that is whole: then it is removed. */
  findImage(key: string, signal: AbortSignal): Promise<Image | undefined>;
  listImages(): Promise<readonly KeptImage[]>;
  /** Removes a kept image. Guests that run from it run on. Idempotent. */
  removeImage(key: string): Promise<void>;
  /** Present where the driver builds images. */
  readonly bases?: BaseImages;
  /** Present when `features.memorySnapshot`. */
  readonly snapshots?: MemorySnapshots;
}
