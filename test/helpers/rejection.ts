/** What a promise was rejected with; it must be. */
export const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error('it should have been rejected')),
    (error: unknown) => error,
  );
