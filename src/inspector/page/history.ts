import type { InspectorRecord } from '../records.ts';
import { VmState } from './vm-state.ts';

const MOST_RECORDS = 6_000;
const DROP_AT_ONCE = 500;

/** All that this page was told of one VM, to be looked at as it is and as it was. */
export class History {
  readonly name: string;
  readonly now = new VmState();
  #base = new VmState();
  #records: InspectorRecord[] = [];
  #seq = 0;

  constructor(name: string) {
    this.name = name;
  }

  get records(): readonly InspectorRecord[] {
    return this.#records;
  }

  /** Takes a record in; one that is known already is passed over. Answers whether it was new. */
  take(record: InspectorRecord): boolean {
    if (record.seq <= this.#seq) return false;
    if (record.kind === 'digest') this.#restart();
    this.#seq = record.seq;
    this.#records.push(record);
    this.now.apply(record);
    if (this.#records.length > MOST_RECORDS)
      for (const old of this.#records.splice(0, DROP_AT_ONCE)) this.#base.apply(old);
    return true;
  }

  /** What was known of it at a moment. */
  at(moment: number): VmState {
    const state = VmState.from(this.#base);
    for (const record of this.#records) {
      // Before its first step there is nothing to look at.
      if (record.at > moment && state.path.active.length > 0) break;
      state.apply(record);
    }
    return state;
  }

  /** A digest stands for all before it but lines of logs and what to do, of which this page may have missed some. */
  #restart(): void {
    this.#base = new VmState();
    this.#records = this.#records.filter(({ kind }) => kind === 'vm' || kind === 'log' || kind === 'hint');
  }
}
