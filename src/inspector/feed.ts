import type { InspectorRecord } from './records.ts';
import type { Recorder } from './recorder.ts';
import type { VmRecorder } from './vm-recorder.ts';

/** Where a feed goes. Resolves when there is room for more. */
export interface Sink {
  write(records: readonly InspectorRecord[]): Promise<void>;
  /** All is told, up to the n-th entry of all. */
  caughtUp(n: number): void;
}

/** How a viewer is fed. */
export interface FeedOptions {
  /** What it has seen of all before, by the number that {@link Sink.caughtUp} told. */
  readonly after?: number;
  /** Nobody else will ask for what it was told: the recorder need not keep it. */
  readonly forgets?: boolean;
}

/** Several entries come at once: a sink is not woken for each. */
const GATHER_MS = 40;
const MOST_AT_ONCE = 200;

/**
 * Hands the records of every VM to one viewer, at the viewer's pace: what it is too slow for waits in the recorder, which
 * keeps a digest of what it drops. So a viewer that stands still costs nothing, and misses nothing that matters.
 */
export class Feed {
  readonly #recorder: Recorder;
  readonly #sink: Sink;
  /** Weakly: VMs come and go while a feed goes on. */
  readonly #seen = new WeakMap<VmRecorder, number>();
  readonly #news = new Set<VmRecorder>();
  readonly #stop: () => void;
  #wake: (() => void) | undefined;
  #flushing: Promise<void> = Promise.resolve();
  readonly #forgets: boolean;
  #hasStopped = false;

  constructor(recorder: Recorder, sink: Sink, { after = 0, forgets = false }: FeedOptions = {}) {
    this.#forgets = forgets;
    this.#recorder = recorder;
    this.#sink = sink;
    for (const vm of recorder.vms) {
      this.#seen.set(vm, after === 0 ? 0 : vm.seqAt(after));
      this.#news.add(vm);
    }
    this.#stop = recorder.listen((vm) => {
      this.#news.add(vm);
      this.#wake?.();
    });
  }

  /** Hands on what there is and what comes, until it is stopped. Rejects with what the sink rejects with. */
  async run(): Promise<void> {
    try {
      while (!this.#hasStopped) {
        await this.flush();
        if (!this.#hasStopped) await this.#untilNews();
      }
    } finally {
      this.stop();
    }
  }

  /** Hands on all that there is by now, after what is on its way already. */
  flush(): Promise<void> {
    const before = this.#flushing.catch(() => undefined); // Told to whoever asked for it.
    this.#flushing = before.then(() => this.#flush());
    return this.#flushing;
  }

  stop(): void {
    this.#hasStopped = true;
    this.#stop();
    this.#wake?.();
  }

  async #flush(): Promise<void> {
    for (;;) {
      const { n } = this.#recorder;
      const [vm] = this.#news;
      if (!vm) return this.#sink.caughtUp(n);
      this.#news.delete(vm);
      const records = vm.since(this.#seen.get(vm) ?? 0);
      this.#seen.set(vm, records.at(-1)?.seq ?? this.#seen.get(vm) ?? 0);
      for (let first = 0; first < records.length; first += MOST_AT_ONCE)
        await this.#sink.write(records.slice(first, first + MOST_AT_ONCE));
      if (this.#forgets) vm.forget(this.#seen.get(vm) ?? 0);
    }
  }

  async #untilNews(): Promise<void> {
    if (this.#news.size === 0)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    this.#wake = undefined;
    // The page of a program that ends is told by its end: nobody needs this timer to hold it up.
    await new Promise<void>((resolve) => void setTimeout(resolve, GATHER_MS).unref());
  }
}
