import { type ProgressClock, realClock } from './clock.ts';
import { slowAfter, type StepFacts } from './slow.ts';
import { type StepEvent, Timeline, type TimelineEntry } from './timeline.ts';
import type { Progress, ProgressStep, SlowStep } from './types.ts';
import { duration, wordsFor } from './words.ts';

/** What a tracker is started with. */
export interface TrackerOptions {
  readonly about: Pick<Progress, 'subject' | 'work' | 'driver' | 'accelerator' | 'from'>;
  /** The VM that commands are given the name of; undefined where there is none. */
  readonly vm?: string;
  readonly facts: (step: string) => StepFacts;
  /** Called on each change, and while a step is slow now and then. */
  readonly onProgress: (progress: Progress) => void;
  /** @defaultValue the time of this process */
  readonly clock?: ProgressClock;
}

/** States that last for other reasons than work. */
const isWork = (state: string): boolean =>
  !['healthy', 'failed', 'disposed', 'waiting', 'provisioning'].includes(state);

const isRemoval = (state: string): boolean => state === 'disposing' || state === 'removing';

/** Why something failed, and in which step. */
type Failure = NonNullable<Progress['failure']> & { readonly step: string };

/** While a step is slow, whoever watches is told that it goes on: the longer it lasts, the more seldom. */
const FIRST_HEARTBEAT_MS = 10_000;
const LAST_HEARTBEAT_MS = 60_000;

/** Follows one VM, or one image that is made. Its timers keep no process alive. */
export class ProgressTracker {
  readonly #options: TrackerOptions;
  readonly #clock: ProgressClock;
  readonly #timeline: Timeline<string>;
  #status: Progress['status'] = 'working';
  #failure: Progress['failure'];
  #failedStep: string | undefined;
  #lastError: string | undefined;
  #timer: unknown;

  constructor(options: TrackerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? realClock;
    this.#timeline = new Timeline<string>(() => this.#clock.now());
  }

  /** Takes in what a chart tells of its steps. */
  step(event: StepEvent<string>): void {
    this.#timeline.record(event);
    this.#lastError = event.phase === 'retry' ? event.lastError : undefined;
    if (isRemoval(event.step) && this.#status !== 'failed') this.#status = 'removing';
    this.#changed();
  }

  /** What is made can be used. */
  ready(): void {
    this.#status = 'ready';
    this.#changed();
  }

  failed({ step, code, message, hint }: Failure): void {
    this.#status = 'failed';
    this.#failedStep = step;
    this.#failure = { code, message, ...(hint === undefined ? {} : { hint }) };
    this.#changed();
  }

  /** Asks anew what is known of the steps: it may have been read only now. */
  refresh(): void {
    if (this.#status !== 'ended') this.#watch();
  }

  /** It is over: nothing follows. */
  end(): void {
    if (this.#status === 'ended') return;
    this.#timeline.end();
    this.#status = 'ended';
    this.#changed();
  }

  /** How long the steps took that had work to do. */
  get times(): Readonly<Record<string, number>> {
    const done = this.#timeline.entries.filter(
      ({ ms, skipped, state }) => ms !== undefined && !skipped && isWork(state),
    );
    return Object.fromEntries(done.map(({ state, ms }) => [state, ms ?? 0]));
  }

  /** How far it is now. */
  get progress(): Progress {
    const entries = this.#timeline.entries.filter(({ state }) => state !== 'failed' && state !== 'disposed');
    return {
      ...this.#options.about,
      status: this.#status,
      steps: entries.map((entry) => this.#stepOf(entry)),
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    };
  }

  #changed(): void {
    this.#options.onProgress(this.progress);
    this.#watch();
  }

  /** Waits until the step is slow, then for the next time to say so. */
  #watch(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    const current = this.#timeline.entries.at(-1);
    if (current === undefined || current.ms !== undefined) return;
    const after = slowAfter(this.#options.facts(current.state));
    if (after === undefined) return;
    const wait = current.startedAt + after - this.#clock.now();
    this.#timer = this.#clock.setTimeout(() => this.#changed(), wait > 0 ? wait : heartbeatAfter(-wait));
  }

  #stepOf(entry: TimelineEntry<string>): ProgressStep {
    const { state, startedAt, skipped, attempts } = entry;
    const { title = state, usualMs, deadlineMs, ...facts } = this.#options.facts(state);
    const ms = entry.ms ?? this.#clock.now() - startedAt;
    const isActive = entry.ms === undefined;
    const after = slowAfter({ ...facts, ...(usualMs === undefined ? {} : { usualMs }) });
    const isSlow = isActive && after !== undefined && ms >= after;
    return {
      name: state,
      title,
      status: isActive ? 'active' : skipped ? 'skipped' : this.#isFailedOne(entry) ? 'failed' : 'done',
      startedAt,
      ms,
      attempts,
      ...(usualMs === undefined ? {} : { usualMs }),
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
      ...(isSlow ? { slow: this.#slow(state, { ms, usualMs, after }) } : {}),
    };
  }

  /** A chart tells that it failed before it tells why. */
  #isFailedOne({ state, startedAt }: TimelineEntry<string>): boolean {
    const { entries } = this.#timeline;
    const at = entries.findIndex((entry) => entry.state === state && entry.startedAt === startedAt);
    return state === this.#failedStep || entries[at + 1]?.state === 'failed';
  }

  #slow(
    state: string,
    { ms, usualMs, after }: { ms: number; usualMs: number | undefined; after: number },
  ): SlowStep {
    const than =
      usualMs === undefined
        ? `slow: ${duration(ms)}, seldom more than ${duration(after)}`
        : `slower than usual: ${duration(ms)}, usually ${duration(usualMs)}`;
    const lastError = this.#lastError === undefined ? {} : { lastError: this.#lastError };
    return { message: than, ...wordsFor(state, this.#options.vm), ...lastError };
  }
}

const heartbeatAfter = (slowForMs: number): number =>
  Math.min(LAST_HEARTBEAT_MS, Math.max(FIRST_HEARTBEAT_MS, slowForMs));
