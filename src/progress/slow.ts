/** What is known of how long a step takes. */
export interface StepFacts {
  readonly title?: string;
  /** What it usually takes here. */
  readonly usualMs?: number;
  /** From when on any machine would be slow. */
  readonly slowAfterMs?: number;
  /** When it is given up. */
  readonly deadlineMs?: number;
}

/** A step that usually takes no time at all is not slow because it takes a second. */
const LEAST_DELAY_MS = 5_000;
const TIMES_AS_LONG = 2;

/** From when on a step is slow for its kind, in milliseconds from its start; undefined: it takes as long as it takes. */
export function slowAfter({ usualMs, slowAfterMs }: StepFacts): number | undefined {
  if (usualMs === undefined) return slowAfterMs;
  return Math.max(usualMs * TIMES_AS_LONG, usualMs + LEAST_DELAY_MS);
}
