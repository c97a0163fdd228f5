import type { Where } from '../machines/vm/index.ts';

/** One state of a VM's life, as it was. */
export interface TimelineEntry<State extends string = Where | 'disposed'> {
  readonly state: State;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** How long it lasted; undefined while it lasts. */
  readonly ms?: number;
  /** Attempts made; 0 when the state had nothing to do. */
  readonly attempts: number;
  /** True when the state had nothing to do. */
  readonly skipped: boolean;
}

/** What a chart tells of its steps. */
export interface StepEvent<State extends string> {
  readonly type: 'step';
  readonly step: State;
  /** @defaultValue "start" */
  readonly phase?: 'start' | 'retry' | 'skipped';
  readonly attempt?: number;
  readonly lastError?: string;
}

/** What else charts tell. */
interface OtherEvent {
  readonly type: string;
  readonly step?: undefined;
  readonly phase?: undefined;
  readonly attempt?: undefined;
}

/** Collects states with their times. Machines have no clock of their own: their consumer stamps. */
export class Timeline<State extends string = Where> {
  readonly #entries: TimelineEntry<State | 'disposed'>[] = [];
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Takes one emitted event in. */
  record(event: StepEvent<State> | OtherEvent): void {
    if (event.step === undefined) return;
    if (event.phase === 'retry') this.#amend({ attempts: event.attempt ?? 1 });
    else if (event.phase === 'skipped') this.#skip(event.step);
    else this.#begin(event.step);
  }

  /** Marks the end of the life that it follows. */
  end(): void {
    this.#begin('disposed');
    this.#amend({ ms: 0 });
  }

  get entries(): readonly TimelineEntry<State | 'disposed'>[] {
    return this.#entries.map((entry) => ({ ...entry }));
  }

  #skip(state: State): void {
    if (this.#entries.at(-1)?.state !== state) this.#begin(state);
    this.#amend({ skipped: true, attempts: 0 });
  }

  #begin(state: State | 'disposed'): void {
    const now = this.#now();
    const last = this.#entries.at(-1);
    if (last && last.ms === undefined) this.#amend({ ms: now - last.startedAt });
    this.#entries.push({ state, startedAt: now, attempts: 1, skipped: false });
  }

  #amend(change: Partial<TimelineEntry<State | 'disposed'>>): void {
    const last = this.#entries.at(-1);
    if (last) this.#entries[this.#entries.length - 1] = { ...last, ...change };
  }
}
