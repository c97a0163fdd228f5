import * as z from 'zod';
import { firstLine } from './first-line.ts';

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 7700;

/** A harness that starts before it is known whose it will be: it waits for `POST /v1/claim`. */
const parkedSchema = z.object({
  /** Whoever has it may claim the harness, once. */
  secret: z.string().min(16),
  /** Who gives the machine an identity of its own with the claim; nobody when undefined. */
  renew: z.object({ command: z.array(z.string().min(1)).min(1) }).optional(),
});

const configSchema = z
  .object({
    token: z.string().min(16).optional(),
    host: z.string().min(1),
    port: z.int().min(0).max(65_535),
    env: z.record(z.string().min(1), z.string()).default({}),
    parked: parkedSchema.optional(),
    /** How many sessions there are at most; the app's own bound when undefined. */
    maxSessions: z.int().min(1).optional(),
    /** Whoever starts the harness keeps its standard input open: when that ends, the harness and its children do. */
    lifeline: z.boolean().optional(),
  })
  .refine(({ parked, token, env }) => !parked || (token === undefined && Object.keys(env).length === 0), {
    // Both come with the claim; two of each would leave it open which one holds.
    path: ['parked'],
  });

/** How a parked harness is claimed. Secret. */
export type ParkedConfig = z.infer<typeof parkedSchema>;

/** How the harness starts. Secret: it holds the token and the environment. */
export type BootConfig = z.infer<typeof configSchema>;
/** The one line that starts it with `--config-stdin`. Secret. */
export type BootConfigInput = z.input<typeof configSchema>;

/**
 * Reads the configuration: one line of JSON. Waits for the line, not for the end of the stream, which may stay open.
 * An error never quotes what was read.
 */
export async function configFromStdin(input: NodeJS.ReadableStream, timeoutMs: number): Promise<BootConfig> {
  const result = configSchema.safeParse(parse(await firstLine(input, timeoutMs)));
  if (result.success) return result.data;
  const wrong = result.error.issues.map(({ path, code }) => `${path.join('.') || 'config'}: ${code}`);
  throw new Error(`the configuration on standard input is not valid (${wrong.join(', ')})`);
}

/** The configuration of a harness that somebody starts by hand: PORT, HOST and MAX_SESSIONS, no token. */
export function configFromEnv(env: Readonly<Record<string, string | undefined>>): BootConfig {
  const max = env['MAX_SESSIONS'];
  const result = configSchema.safeParse({
    host: env['HOST'] || DEFAULT_HOST,
    port: Number(env['PORT'] || DEFAULT_PORT),
    ...(max ? { maxSessions: Number(max) } : {}),
  });
  if (result.success) return result.data;
  throw new Error(
    'PORT must be a number from 0 to 65535, HOST a name or an address, MAX_SESSIONS a whole number from 1',
  );
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // No cause: the parser's message quotes the text, and the text holds secrets.
    throw new Error('the configuration on standard input is not one line of JSON');
  }
}
