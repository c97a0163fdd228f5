/** How the harness ends, for whoever started it. 0: it was asked to end. */
export const EXIT = {
  /** Anything that has no number of its own here. */
  failed: 1,
  /** Its command line makes no sense. */
  usage: 64,
  /** The machine's identity could not be renewed: it must serve nobody. */
  renewalFailed: 96,
  /** Too many claims came without the right secret. */
  lockedOut: 97,
  /** Its port is taken. */
  portTaken: 98,
} as const;
