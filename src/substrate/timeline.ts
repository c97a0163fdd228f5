import type { VmEmitted, Where } from '../machines/vm/index.ts';

/** One state of a VM's life, as it was. */
export interface TimelineEntry {
  readonly state: Where | 'disposed';
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** How long it lasted; undefined while it lasts. */
  readonly ms?: number;
  /** Attempts made; 0 when the state had nothing to do. */
  readonly attempts: number;
  /** True when the state had nothing to do. */
  readonly skipped: boolean;
}

/** Collects a VM's states with their times. The machine has no clock of its own: its consumer stamps. */
export class Timeline {
  readonly #entries: TimelineEntry[] = [];
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Takes one emitted event in. */
  record(event: VmEmitted): void {
    if (event.type !== 'step') return;
    if (event.phase === 'start') this.#begin(event.step);
    else if (event.phase === 'retry') this.#amend({ attempts: event.attempt });
    else this.#skip(event.step);
  }

  /** Marks the end of the VM's life. */
  end(): void {
    this.#begin('disposed');
    this.#amend({ ms: 0 });
  }

  get entries(): readonly TimelineEntry[] {
    return this.#entries.map((entry) => ({ ...entry }));
  }

  #skip(state: Where): void {
    if (this.#entries.at(-1)?.state !== state) this.#begin(state);
    this.#amend({ skipped: true, attempts: 0 });
  }

  #begin(state: TimelineEntry['state']): void {
    const now = this.#now();
    const last = this.#entries.at(-1);
    if (last && last.ms === undefined) this.#amend({ ms: now - last.startedAt });
    this.#entries.push({ state, startedAt: now, attempts: 1, skipped: false });
  }

  #amend(change: Partial<TimelineEntry>): void {
    const last = this.#entries.at(-1);
    if (last) this.#entries[this.#entries.length - 1] = { ...last, ...change };
  }
}
