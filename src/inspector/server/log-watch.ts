import { setTimeout as sleep } from 'node:timers/promises';
import type { Recorder } from '../recorder.ts';
import type { VmRecorder } from '../vm-recorder.ts';

const SOURCES = ['console', 'harness'] as const;
/** What cannot be read yet is tried again after this time. */
const AGAIN_MS = 1_000;

/** Follows what the guests say that somebody looks at; nobody else's, because each costs a connection's channel. */
export class LogWatch {
  readonly #recorder: Recorder;
  readonly #watched = new Set<VmRecorder>();
  #looking = new AbortController();

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  /** Somebody looks at a VM. */
  watch(name: string): void {
    const vm = this.#recorder.vms.find((each) => each.name === name);
    if (!vm?.guest || vm.hasEnded || this.#watched.has(vm)) return;
    this.#watched.add(vm);
    vm.isFollowed = true;
    for (const source of SOURCES) void this.#follow(vm, source, this.#looking.signal);
  }

  /** Nobody looks any more. */
  stop(): void {
    this.#looking.abort();
    this.#looking = new AbortController();
    for (const vm of this.#watched) vm.isFollowed = false;
    this.#watched.clear();
  }

  async #follow(vm: VmRecorder, source: (typeof SOURCES)[number], signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !vm.hasEnded) {
      const lines = new Lines((some, isFirst) => vm.log(source, some, isFirst));
      // What cannot be read is not there yet, or not any more: the VM's own records say why.
      await vm.guest?.follow(source, (text) => lines.add(text), signal).catch(() => undefined);
      lines.end();
      await sleep(AGAIN_MS, undefined, { signal, ref: false }).catch(() => undefined); // Cancelled: the loop ends.
    }
  }
}

/** Cuts text into lines: a secret may arrive in two parts. */
class Lines {
  readonly #onLines: (lines: readonly string[], isFirst: boolean) => void;
  #rest = '';
  #isFirst = true;

  constructor(onLines: (lines: readonly string[], isFirst: boolean) => void) {
    this.#onLines = onLines;
  }

  add(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    this.#tell(lines);
  }

  end(): void {
    if (this.#rest !== '') this.#tell([this.#rest]);
    this.#rest = '';
  }

  #tell(lines: readonly string[]): void {
    if (lines.length === 0) return;
    this.#onLines(lines, this.#isFirst);
    this.#isFirst = false;
  }
}
