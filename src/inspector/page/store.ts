import type { InspectorRecord } from '../records.ts';
import { History } from './history.ts';
import type { VmState } from './vm-state.ts';

/** How the page is fed at the moment. */
export type Connection = 'connecting' | 'live' | 'lost' | 'ended' | 'recording';

/** What a person has chosen. */
export interface Choices {
  vm: string | undefined;
  tab: string;
  /** The moment that is looked at; undefined: the present. */
  moment: number | undefined;
  playing: boolean;
}

/** All that the page knows, and who is to be told when it changes. */
export class Store {
  readonly histories = new Map<string, History>();
  readonly choices: Choices = { vm: undefined, tab: 'stream', moment: undefined, playing: false };
  connection: Connection = 'connecting';
  title = '';
  readonly #listeners = new Set<() => void>();
  #isScheduled = false;
  #hasChosen = false;

  /** The VMs, the newest first; what belongs to none is no VM. */
  get vms(): readonly History[] {
    return [...this.histories.values()].filter(({ name }) => name !== '').toReversed();
  }

  get selected(): History | undefined {
    return this.histories.get(this.choices.vm ?? '');
  }

  /** The chosen VM as it is at the moment that is looked at. */
  get shown(): VmState | undefined {
    const { selected } = this;
    const { moment } = this.choices;
    return moment === undefined ? selected?.now : selected?.at(moment);
  }

  take(records: readonly InspectorRecord[]): void {
    for (const record of records) this.#historyOf(record.vm).take(record);
    // The newest one, until a person has chosen.
    if (!this.#hasChosen) this.choices.vm = this.vms[0]?.name;
    this.changed();
  }

  choose(choices: Partial<Choices>): void {
    this.#hasChosen ||= choices.vm !== undefined || choices.moment !== undefined;
    const other = choices.vm !== undefined && choices.vm !== this.choices.vm;
    Object.assign(this.choices, other ? { moment: undefined, playing: false } : {}, choices);
    this.changed();
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Many changes are drawn once. */
  changed(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    requestAnimationFrame(() => {
      this.#isScheduled = false;
      for (const listener of this.#listeners) listener();
    });
  }

  #historyOf(name: string): History {
    const known = this.histories.get(name);
    if (known) return known;
    const history = new History(name);
    this.histories.set(name, history);
    return history;
  }
}
