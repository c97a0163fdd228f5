/** Runs somebody else's callback: what it throws, at once or later, is theirs and must not end a VM or this process. */
export function quietly<Told extends readonly unknown[]>(
  callback: (...told: Told) => unknown,
  ...told: Told
): void {
  try {
    const result = callback(...told);
    if (result instanceof Promise) result.catch(() => undefined);
  } catch {
    // An observer must never break what it observes.
  }
}
