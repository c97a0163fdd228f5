import type { HarnessEvent } from '@computeragent/protocol';

/** What a turn used. */
export interface UsageRollup {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheCreationInputTokens: number;
  readonly cacheReadInputTokens: number;
  /**
   * In US dollars, as the engine told; undefined when it told nothing. An engine that tells running totals makes this
   * the session's cost so far, with the turns before this one.
   */
  readonly costUsd: number | undefined;
  /** What this chat alone has cost, in US dollars; undefined when the engine told nothing. */
  readonly turnCostUsd: number | undefined;
}

type Snapshot = Extract<HarnessEvent, { kind: 'ca_usage_snapshot' }>;

/** Adds snapshots up: tokens always, cost by its semantic (a cumulative figure wins over deltas). */
export class UsageMeter {
  #inputTokens = 0;
  #outputTokens = 0;
  #cacheCreationInputTokens = 0;
  #cacheReadInputTokens = 0;
  #cumulative: number | undefined;
  #deltas: number | undefined;

  add(snapshot: Snapshot): void {
    this.#inputTokens += snapshot.inputTokens ?? 0;
    this.#outputTokens += snapshot.outputTokens ?? 0;
    this.#cacheCreationInputTokens += snapshot.cacheCreationInputTokens ?? 0;
    this.#cacheReadInputTokens += snapshot.cacheReadInputTokens ?? 0;
    if (snapshot.costUsd === undefined) return;
    if (snapshot.costSemantic === 'delta') this.#deltas = (this.#deltas ?? 0) + snapshot.costUsd;
    else this.#cumulative = Math.max(this.#cumulative ?? 0, snapshot.costUsd);
  }

  /** The figures so far. `before`: what the session had cost when this began. */
  rollup(before = 0): UsageRollup {
    return {
      inputTokens: this.#inputTokens,
      outputTokens: this.#outputTokens,
      cacheCreationInputTokens: this.#cacheCreationInputTokens,
      cacheReadInputTokens: this.#cacheReadInputTokens,
      costUsd: this.#cumulative ?? this.#deltas,
      turnCostUsd: this.#cumulative === undefined ? this.#deltas : difference(this.#cumulative, before),
    };
  }
}

/** The highest running total that a session has told. */
export function runningCost(before: number, event: HarnessEvent): number {
  if (event.kind !== 'ca_usage_snapshot' || event.costSemantic === 'delta') return before;
  return Math.max(before, event.costUsd ?? 0);
}

/** Without the noise of binary fractions. A total below the one before is that of an engine that began anew. */
function difference(total: number, before: number): number {
  return total < before ? total : Number((total - before).toFixed(10));
}
