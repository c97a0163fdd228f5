/** A value that is made once, on first demand; a failure is not kept, so that the next demand tries again. */
export interface Retryable<T> {
  get(): Promise<T>;
  /** What is there or under way; undefined when nothing was asked for, or the last try failed. */
  current(): Promise<T> | undefined;
}

export function retryable<T>(make: () => Promise<T>): Retryable<T> {
  let made: Promise<T> | undefined;
  return {
    get() {
      made ??= make().catch((error: unknown) => {
        made = undefined;
        throw error;
      });
      return made;
    },
    current: () => made,
  };
}
