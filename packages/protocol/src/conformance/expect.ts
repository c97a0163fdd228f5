import type * as z from 'zod';

/** Why a check failed: what was expected, and what came. */
export class ConformanceError extends Error {
  override readonly name = 'ConformanceError';
}

/** What a check is about is promised by some servers alone, and not by this one. */
export class NotPromised extends Error {
  override readonly name = 'NotPromised';
}

const LONGEST = 300;

/** Fails unless both are the same as JSON. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  if (JSON.stringify(actual) === JSON.stringify(expected)) return;
  throw new ConformanceError(`${what}: expected ${short(expected)}, got ${short(actual)}`);
}

/** Fails unless it holds. */
export function that(holds: boolean, what: string, actual?: unknown): asserts holds {
  if (!holds) throw new ConformanceError(actual === undefined ? what : `${what}; got ${short(actual)}`);
}

/** The value as the schema has it; fails when it is not so. */
export function shaped<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`);
  throw new ConformanceError(
    `${what} is not as the protocol has it: ${issues.join('; ')}; got ${short(value)}`,
  );
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
