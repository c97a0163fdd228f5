/** How the harness ends, for whoever started it. 0: it was asked to end; 1: anything that has no number here. */
export const EXIT = {
  /** The machine's identity could not be renewed: it must serve nobody. */
  renewalFailed: 96,
  /** Too many claims came without the right secret. */
  lockedOut: 97,
  /** Its port is taken. */
  portTaken: 98,
} as const;
