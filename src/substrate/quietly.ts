/** Runs somebody else's callback: what it throws, at once or later, is theirs and must not end a VM or this process. */
export function quietly(callback: () => unknown): void {
  try {
    const result = callback();
    if (result instanceof Promise) result.catch(() => undefined);
  } catch {
    // An observer must never break what it observes.
  }
}
