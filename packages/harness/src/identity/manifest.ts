import type * as Yaml from 'yaml';
import * as z from 'zod';
import { HarnessError, messageOf } from '../errors.ts';
import type { HumanInTheLoop } from './loader.ts';

/** YAML reads an unquoted `1.0` as a number: an author means a text. */
const text = z.union([z.string().min(1), z.number().transform(String)]);

const manifestSchema = z.looseObject({
  name: text,
  version: text,
  skills: z.array(z.string()).optional(),
  tools: z.array(z.string()).optional(),
  description: z.string().optional(),
  model: z
    .looseObject({
      preferred: z.string().optional(),
      fallback: z.array(z.string()).optional(),
      constraints: z.looseObject({ temperature: z.number().optional() }).optional(),
    })
    .optional(),
  runtime: z
    .looseObject({
      max_turns: z.int().positive().optional(),
      budget_usd: z.number().nonnegative().optional(),
    })
    .optional(),
  compliance: z
    .looseObject({
      // Anything else in it, escalation triggers of whatever form, is kept and not judged.
      supervision: z.looseObject({ human_in_the_loop: z.unknown() }).optional(),
    })
    .optional(),
});

/** Loaded with the first identity, so that the harness starts without it. */
export const loadYaml = (): Promise<typeof Yaml> => import('yaml');

/** What the loader understands of an agent.yaml; other keys are kept. */
export type Manifest = z.infer<typeof manifestSchema>;

/** Reads an agent.yaml. A bad one is the caller's fault, and the error names the file. */
export async function parseManifest(yaml: string): Promise<Manifest> {
  const { parse } = await loadYaml();
  let value: unknown;
  try {
    value = parse(yaml);
  } catch (error) {
    throw invalid(messageOf(error), undefined, error);
  }
  const result = manifestSchema.safeParse(value);
  if (!result.success) throw invalid(z.prettifyError(result.error), result.error.issues);
  return result.data;
}

/**
 * The supervision that the manifest asks for. `conditional` is taken as `destructive`, which asks a person whenever it
 * may matter; a word nobody knows is taken as `always`, because guessing low would let an unwatched call through.
 */
export function humanInTheLoopOf(manifest: Manifest): HumanInTheLoop {
  const wanted = manifest.compliance?.supervision?.human_in_the_loop;
  switch (wanted) {
    case undefined:
    case null:
    case false:
    case 'none':
    case 'advisory':
      return 'none';
    case 'destructive':
    case 'conditional':
      return 'destructive';
    default:
      return 'always';
  }
}

function invalid(message: string, details?: unknown, cause?: unknown): HarnessError {
  return new HarnessError('VALIDATION', 400, `agent.yaml: ${message}`, { details, cause });
}
