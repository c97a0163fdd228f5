import type { VzvmErrorCode } from '../../errors.ts';

/** The working steps, in order. Their names are the chart's state keys. */
export const STEPS = [
  'cloning',
  'booting',
  'ip-polling',
  'ssh-connect',
  'upload',
  'node-install',
  'npm-install',
  'spawn',
] as const;

/** One of {@link STEPS}. */
export type Step = (typeof STEPS)[number];

/** Where a VM is in its life. */
export type Where = Step | 'healthy' | 'failed' | 'disposing';

/**
 * Deadlines in milliseconds: of each step over all its attempts, of the release, and, for `healthy`, of how long the
 * harness may be out of sight because the connection that watches it was lost.
 */
export type StepTimeouts = Readonly<Record<Step | 'healthy' | 'disposing', number>>;

/** Attempts of each step, the first included. */
export type StepRetries = Readonly<Record<Step, number>>;

/** What the guest was found to have already. */
export interface GuestFacts {
  readonly harnessUploaded: boolean;
  readonly nodeReady: boolean;
  readonly packagesReady: boolean;
}

/** Why a VM failed. Plain JSON on purpose: it goes into snapshots and inspectors. */
export interface VmFailure {
  readonly step: Where;
  readonly code: VzvmErrorCode;
  readonly message: string;
  /** From 1, within the step. */
  readonly attempt: number;
  readonly facts: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly hint?: string;
  readonly exitCode?: number;
  readonly stderrTail?: string;
  /** What the last attempt before a step's deadline said. */
  readonly lastError?: string;
}

/** What a VM's machine is started with. */
export interface VmInput {
  readonly vmId: string;
  readonly image: string;
  /** Parks a failed VM instead of disposing it. @defaultValue false */
  readonly keepOnFailure?: boolean;
  /** Keeps the disk as an image once the packages are there. @defaultValue false */
  readonly keepsImage?: boolean;
  /** Stops before a harness is started: the VM is to become an image. @defaultValue false */
  readonly endsPrepared?: boolean;
  /** Starts from a template: with the disk, the memory and the parked harness of another VM. @defaultValue false */
  readonly isFork?: boolean;
  readonly timeoutsMs?: Partial<StepTimeouts>;
  readonly retries?: Partial<StepRetries>;
  /** First pause between two looks for readiness, in milliseconds. @defaultValue 100 */
  readonly pollMs?: number;
}

/** What a VM's machine remembers. Plain JSON: never a handle, never a secret. */
export interface VmContext {
  readonly vmId: string;
  readonly image: string;
  readonly keepOnFailure: boolean;
  readonly keepsImage: boolean;
  readonly endsPrepared: boolean;
  readonly isFork: boolean;
  readonly timeoutsMs: StepTimeouts;
  readonly retries: StepRetries;
  readonly pollMs: number;
  readonly step: Where;
  /** From 1, within the step. */
  readonly attempt: number;
  /** Looks in this step that found nothing yet. They are no attempts: nothing went wrong. */
  readonly looks: number;
  readonly lastError: string | null;
  readonly address: string | null;
  readonly guest: GuestFacts;
  /** The first failure: nothing can fail after it. */
  readonly failure: VmFailure | null;
  readonly disposeReason: string | null;
  readonly problems: readonly string[];
}

/** What an actor was rejected with. */
export interface Thrown {
  readonly error: unknown;
}

/** How the harness ended. */
export interface HarnessExit {
  readonly code: number | null;
  readonly stderrTail: string;
}

/** How the hypervisor process ended. */
export interface GuestExit extends HarnessExit {
  readonly signal: string | null;
}

/** DISPOSE ends a VM from anywhere; VM.STARTED is the chart's own. */
export type VmEvent = { readonly type: 'DISPOSE'; readonly reason: string } | { readonly type: 'VM.STARTED' };

/** What a VM tells while it lives. */
export type VmEmitted =
  | {
      readonly type: 'step';
      readonly step: Where;
      readonly phase: 'start' | 'retry' | 'skipped';
      readonly attempt: number;
      readonly lastError?: string;
    }
  /** The disk was kept as an image, or why it could not be. */
  | { readonly type: 'image'; readonly problem?: string }
  | { readonly type: 'ready' }
  /** The connection that watches the harness was lost. The harness may well go on. */
  | { readonly type: 'lost'; readonly reason: string }
  /** It was made again. */
  | { readonly type: 'found' }
  | { readonly type: 'failed'; readonly failure: VmFailure };

/** How a VM's life ended. */
export interface VmOutput {
  readonly vmId: string;
  readonly failure: VmFailure | null;
  readonly disposeReason: string | null;
  /** What could not be released; empty when nothing was left behind. */
  readonly problems: readonly string[];
}

/** What programs ask a VM for, instead of matching state names. */
export type VmTag = 'provisioning' | 'ready' | 'failed' | 'disposing';

/** What a state tells people. */
export interface VmMeta {
  readonly title: string;
  /** From when on a step is slow for its kind, in milliseconds. */
  readonly slowAfterMs?: number;
}
