import * as z from 'zod';
import type { Usage } from '../engine.ts';

const count = z.int().nonnegative().optional().catch(undefined);

const resultSchema = z.looseObject({
  type: z.literal('result'),
  subtype: z.string().optional().catch(undefined),
  total_cost_usd: z.number().nonnegative().optional().catch(undefined),
  usage: z
    .looseObject({
      input_tokens: count,
      output_tokens: count,
      cache_creation_input_tokens: count,
      cache_read_input_tokens: count,
    })
    .optional()
    .catch(undefined),
});

/** The end of a turn, as the engine says it. */
export interface TurnResult {
  readonly budgetExceeded: boolean;
  /** Undefined when the message carries neither tokens nor cost. */
  readonly usage: Usage | undefined;
}

/** Reads an engine's message; undefined when it does not end a turn. */
export function turnResultOf(message: unknown): TurnResult | undefined {
  const result = resultSchema.safeParse(message);
  if (!result.success) return undefined;
  const { subtype, total_cost_usd: costUsd, usage } = result.data;
  return {
    budgetExceeded: subtype === 'error_max_budget_usd',
    usage: usage === undefined && costUsd === undefined ? undefined : snapshot(usage ?? {}, costUsd),
  };
}

function snapshot(usage: Readonly<Record<string, unknown>>, costUsd: number | undefined): Usage {
  const fields = {
    inputTokens: usage['input_tokens'],
    outputTokens: usage['output_tokens'],
    cacheCreationInputTokens: usage['cache_creation_input_tokens'],
    cacheReadInputTokens: usage['cache_read_input_tokens'],
    // The engine counts over the whole session.
    ...(costUsd === undefined ? {} : { costUsd, costSemantic: 'cumulative' as const }),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Usage;
}
