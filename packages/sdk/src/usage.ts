import type { HarnessEvent } from '@computeragent/protocol';

/** What a turn used. */
export interface UsageRollup {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheCreationInputTokens: number;
  readonly cacheReadInputTokens: number;
  /** In US dollars, as the engine told; undefined when it told nothing. A cumulative figure covers the session. */
  readonly costUsd: number | undefined;
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

  get rollup(): UsageRollup {
    return {
      inputTokens: this.#inputTokens,
      outputTokens: this.#outputTokens,
      cacheCreationInputTokens: this.#cacheCreationInputTokens,
      cacheReadInputTokens: this.#cacheReadInputTokens,
      costUsd: this.#cumulative ?? this.#deltas,
    };
  }
}
