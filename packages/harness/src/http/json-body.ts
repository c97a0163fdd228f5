import type { Context } from 'hono';
import type * as z from 'zod';
import { HarnessError } from '../errors.ts';

/** Deeper than any message, and far from where writing it down again would fail. */
const MAX_DEPTH = 200;
/** As many say what is wrong. */
const MAX_ISSUES = 20;
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;

/**
 * Reads and checks a JSON body. Only as JSON: a web page can send text/plain anywhere without asking, and what this
 * server runs is worth that.
 */
export async function jsonBody<T>(context: Context, schema: z.ZodType<T>): Promise<T> {
  if (!JSON_TYPE.test(context.req.header('content-type') ?? '')) {
    throw new HarnessError('UNSUPPORTED_MEDIA_TYPE', 415, 'the body must be sent as application/json');
  }
  const result = schema.safeParse(parse(await context.req.text()));
  if (result.success) return result.data;
  throw new HarnessError('VALIDATION', 400, 'the request body is not valid', {
    details: result.error.issues.slice(0, MAX_ISSUES),
  });
}

function parse(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new HarnessError('VALIDATION', 400, 'the request body is not JSON', { cause });
  }
  if (isDeeper(value, MAX_DEPTH)) {
    throw new HarnessError('VALIDATION', 400, `the request body is nested more than ${MAX_DEPTH} deep`);
  }
  return value;
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((item) => isDeeper(item, depth - 1));
}
