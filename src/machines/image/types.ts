import type { VmFailure } from '../vm/index.ts';

/** What the machine of an image is started with. */
export interface ImageInput {
  /** Names what the image is to hold. */
  readonly key: string;
  /** @defaultValue {@link DEFAULT_IMAGE_TIMEOUTS_MS} */
  readonly timeoutsMs?: Partial<ImageTimeouts>;
}

/** The states that have a deadline. */
export type ImageStep = 'looking' | 'provisioning' | 'sealing' | 'powering-off' | 'keeping' | 'removing';

/** Deadlines in milliseconds. */
export type ImageTimeouts = Readonly<Record<ImageStep, number>>;

/** What the machine of an image remembers. Plain JSON: never a handle, never a secret. */
export interface ImageContext {
  readonly key: string;
  readonly timeoutsMs: ImageTimeouts;
  /** The image was made here, and not found. */
  readonly made: boolean;
  /** The first failure; null while there is none. */
  readonly failure: ImageFailure | null;
  /** True when it was cancelled: that is no failure. */
  readonly cancelled: boolean;
  /** What could not be removed. */
  readonly problems: readonly string[];
}

/** Why an image was not made. */
export type ImageFailure = Omit<VmFailure, 'step' | 'attempt' | 'lastError'> & {
  readonly step: ImageStep;
};

/** CANCEL ends it from anywhere. */
export interface ImageEvent {
  readonly type: 'CANCEL';
}

/** What the machine of an image tells while it works. */
export interface ImageEmitted {
  readonly type: 'step';
  readonly step: ImageStep | 'waiting';
}

/** How it ended. */
export type ImageOutput = Pick<ImageContext, 'made' | 'failure' | 'cancelled' | 'problems'>;

/** What programs ask an image's machine for. */
export type ImageTag = 'working' | 'removing';

/** What an actor was rejected with, and in which state. */
export interface Thrown {
  readonly step: ImageStep;
  readonly error: unknown;
}
