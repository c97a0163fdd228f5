import type { ImageTimeouts } from './types.ts';

/** Deadlines that a slow, emulated guest still keeps. The steps of its VM have deadlines of their own. */
export const DEFAULT_IMAGE_TIMEOUTS_MS: ImageTimeouts = {
  looking: 60_000,
  provisioning: 3_600_000,
  sealing: 120_000,
  'powering-off': 120_000,
  keeping: 300_000,
  removing: 120_000,
};
