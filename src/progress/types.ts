/** A step that takes longer than it usually does. */
export interface SlowStep {
  /** "slower than usual: 40 s, usually 12 s" */
  readonly message: string;
  /** What has to happen for it to go on. */
  readonly waitsFor: string;
  /** What to look at or to do meanwhile: where one exists, the exact command. */
  readonly whatToDo: string;
  /** What the last attempt said that failed. */
  readonly lastError?: string;
}

/** One step, as it is now. */
export interface ProgressStep {
  /** The chart's name for it: `ssh-connect`. */
  readonly name: string;
  /** What it is, in words: "Connect by SSH". */
  readonly title: string;
  readonly status: 'active' | 'done' | 'skipped' | 'failed';
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** How long it took, or has taken by now, in milliseconds. */
  readonly ms: number;
  readonly attempts: number;
  /** What it usually takes here, in milliseconds; undefined before that is known. */
  readonly usualMs?: number;
  /** When it is given up, in milliseconds from its start. */
  readonly deadlineMs?: number;
  /** Undefined while it is no slower than usual. */
  readonly slow?: SlowStep;
}

/** What is being made: a VM, one that becomes a template, or a prepared image, of which a VM is a part of its own. */
export type ProgressWork = 'vm' | 'image' | 'template';

/** How far the making of something has come. Plain data without a secret; each is a new object. */
export interface Progress {
  /** The VM's name, or the image's key. */
  readonly subject: string;
  readonly work: ProgressWork;
  readonly driver: string;
  /** Hypervisor acceleration; undefined when the driver does not tell. */
  readonly accelerator?: string;
  /** What it is made from. */
  readonly from: string;
  /** `ready`: it can be used; `ended`: it is gone, or done with. */
  readonly status: 'working' | 'ready' | 'failed' | 'removing' | 'ended';
  /** In the order in which they began. The last one may be active. */
  readonly steps: readonly ProgressStep[];
  /** Why it failed. */
  readonly failure?: { readonly code: string; readonly message: string; readonly hint?: string };
}
