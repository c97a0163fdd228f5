import type { Context } from 'hono';
import type * as z from 'zod';
import { HarnessError } from '../errors.ts';

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
    details: result.error.issues,
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new HarnessError('VALIDATION', 400, 'the request body is not JSON', { cause });
  }
}
