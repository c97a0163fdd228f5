/** A value that is made once, on first demand; a failure is not kept, so that the next demand tries again. */
export interface Retryable<T> {
  get(): Promise<T>;
  /** What is there or under way; undefined when nothing was asked for, or the last try failed. */
  current(): Promise<T> | undefined;
  /** Forgets what is there: the next demand makes it anew. */
  reset(): void;
}

export function retryable<T>(make: () => Promise<T>): Retryable<T> {
  let made: Promise<T> | undefined;
  return {
    get() {
      if (made) return made;
      const making: Promise<T> = make().catch((error: unknown) => {
        if (made === making) made = undefined;
        throw error;
      });
      made = making;
      return making;
    },
    current: () => made,
    reset: () => {
      made = undefined;
    },
  };
}
