import type { Redact } from './redact.ts';
import type { RecordedGuest } from './recorded-guest.ts';
import { type Shared, type VmFacts, VmRecorder } from './vm-recorder.ts';

/** How much is kept. */
export interface RecorderOptions {
  readonly redact?: Redact | undefined;
  /** Entries of all VMs together. @defaultValue 32768 */
  readonly budget?: number;
  /** VMs that have ended, and are still shown. @defaultValue 32 */
  readonly mostEnded?: number;
  /** @defaultValue Date.now */
  readonly now?: () => number;
}

const MOST_PER_VM = 600;
const LEAST_PER_VM = 48;
/** The name under which lines go that belong to no VM. */
const NO_VM = '';

/** What happened to every VM of this process, as far as it still matters. */
export class Recorder {
  readonly #vms = new Map<string, VmRecorder>();
  readonly #listeners = new Set<(vm: VmRecorder) => void>();
  readonly #mostEnded: number;
  readonly #budget: number;
  readonly #shared: Shared;
  readonly #ended: string[] = [];
  #n = 0;
  #limit = MOST_PER_VM;

  constructor(options: RecorderOptions = {}) {
    this.#budget = options.budget ?? 32_768;
    this.#mostEnded = options.mostEnded ?? 32;
    this.#shared = {
      redact: options.redact,
      now: options.now ?? Date.now,
      limit: () => this.#limit,
      next: () => (this.#n += 1),
      isHeard: () => this.#listeners.size > 0,
      onEntry: (vm) => this.#tell(vm),
      onEnd: (vm) => this.#end(vm),
    };
  }

  /** How many entries there have been. */
  get n(): number {
    return this.#n;
  }

  /** The VMs, in the order of their beginning. */
  get vms(): readonly VmRecorder[] {
    return [...this.#vms.values()];
  }

  /** Begins the record of a VM. */
  begin(facts: VmFacts, guest?: RecordedGuest): VmRecorder {
    const vm = new VmRecorder(facts, this.#shared, guest);
    this.#vms.set(facts.vm, vm);
    this.#limit = Math.min(MOST_PER_VM, Math.max(LEAST_PER_VM, Math.floor(this.#budget / this.#vms.size)));
    this.#tell(vm);
    return vm;
  }

  /** Takes a line of the substrate's log: it belongs to the VM whose name it begins with, or to none. */
  log(line: string): void {
    const vm = this.#vms.get(/^(\S+): /.exec(line)?.[1] ?? '');
    if (vm) return vm.log('substrate', line.slice(vm.name.length + 2).split('\n'));
    const others =
      this.#vms.get(NO_VM) ?? this.begin({ vm: NO_VM, machine: '', driver: '', image: '', states: {} });
    others.log('substrate', this.#hidden(line).split('\n'));
  }

  /** Calls back on each new entry, at once; answers how to stop that. While nobody listens, entries stay raw. */
  listen(listener: (vm: VmRecorder) => void): () => void {
    this.#listeners.add(listener);
    this.#inform();
    return () => {
      this.#listeners.delete(listener);
      this.#inform();
    };
  }

  #inform(): void {
    for (const vm of this.#vms.values()) vm.listen(this.#listeners.size > 0);
  }

  #tell(vm: VmRecorder): void {
    if (this.#listeners.size === 0) return;
    for (const listener of this.#listeners) listener(vm);
  }

  #end({ name }: VmRecorder): void {
    this.#ended.push(name);
    if (this.#ended.length > this.#mostEnded) this.#vms.delete(this.#ended.shift() ?? '');
  }

  /** What belongs to no VM may still tell of one. */
  #hidden(line: string): string {
    return this.vms.slice(-this.#mostEnded).reduce((text, { redactor }) => redactor.line(text), line);
  }
}
