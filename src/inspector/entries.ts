import type { Held } from './convert.ts';
import { Digest } from './digest.ts';
import type { Entry } from './entry.ts';
import { LogLines } from './log-lines.ts';
import type { Unpacked } from './quiet/quiet.ts';
import type { ActorRecord, InspectorRecord, LogSource } from './records.ts';
import { Ring } from './ring.ts';

/** What the entries of all VMs have in common. */
export interface Numbering {
  /** Entries that one VM may keep. */
  readonly limit: () => number;
  /** Numbers of all entries, in order. */
  readonly next: () => number;
}

type ToRecord = (entry: Entry) => InspectorRecord | undefined;

/** The number of a VM's first entry, which tells of the VM itself. */
export const FIRST = 1;

/** What happened to one VM: the latest entries, and a digest of all before them. */
export class Entries {
  readonly #numbering: Numbering;
  #ring: Ring<Entry> | undefined;
  #lines: LogLines | undefined;
  #hint: Entry | undefined;
  #digest: Digest | undefined;
  #seq = FIRST;
  #last: number;

  constructor(numbering: Numbering) {
    this.#numbering = numbering;
    this.#last = numbering.next();
  }

  /** The number of the last one. */
  get seq(): number {
    return this.#seq;
  }

  /** Counts one that is kept elsewhere. */
  count(): number {
    this.#last = this.#numbering.next();
    return (this.#seq += 1);
  }

  /** Numbers one, which is still to be kept. */
  make(at: number, held?: Held): Entry {
    const seq = this.count();
    return { seq, n: this.#last, at, held, record: undefined };
  }

  keep(entry: Entry): void {
    this.#ring ??= new Ring((dropped) => this.#drop(dropped));
    this.#ring.push(entry, this.#numbering.limit());
  }

  keepLines(source: LogSource, entry: Entry, fresh: boolean): void {
    (this.#lines ??= new LogLines()).push(source, entry, fresh);
  }

  keepHint(entry: Entry): void {
    this.#hint = entry;
  }

  /** What there is since one of them, the digest of what is gone included. */
  since(seq: number, vm: string, toRecord: ToRecord): readonly (InspectorRecord | undefined)[] {
    const digest = this.#digest && seq < this.#digest.seq ? [this.#digest.record(vm, toRecord)] : [];
    const kept = this.#all().filter((entry) => entry.seq > seq);
    return [...digest, ...kept.map(toRecord)];
  }

  /** Drops all up to one of them, unless there is more. */
  forget(seq: number): void {
    if (this.#all().some((entry) => entry.seq > seq)) return; // What has come meanwhile is told soon.
    this.#ring?.clear();
    this.#ring = this.#lines = this.#hint = undefined;
  }

  /** The number of the last one that is not newer than the n-th of all VMs. */
  seqAt(n: number): number {
    if (n >= this.#last) return this.#seq;
    const known = this.#all().filter((entry) => entry.n <= n);
    // What was dropped since is told by a digest, so that it does not matter that it is not found here.
    return Math.max(0, ...known.map(({ seq }) => seq));
  }

  /** The actors that are told of. */
  get actors(): ReadonlySet<string> {
    const told = [...(this.#ring ?? [])].map(({ held, record }) =>
      held?.type === 'actor' || record?.kind === 'actor' ? (held ?? (record as ActorRecord)).actor : '',
    );
    return new Set(told);
  }

  /** Takes what was kept elsewhere in the place of the last ones that were counted. `from`: when the VM began. */
  unpack(counted: number, all: readonly Unpacked[], from: number): void {
    const before = this.#seq - counted;
    // Numbered anew: nobody was told of any. Of lines that were dropped since the places are left out.
    const lines = this.#said()
      .filter(({ seq }) => seq > before)
      .toSorted((one, other) => one.seq - other.seq);
    let gone = all.filter(({ held }) => !held).length - lines.length;
    this.#seq = before;
    for (const { ms, held } of all)
      if (held) this.keep({ seq: (this.#seq += 1), n: this.#last, at: from + ms, held, record: undefined });
      else if (gone > 0) gone -= 1;
      else renumber(lines.shift(), (this.#seq += 1));
  }

  /** Drops the older part of what is kept elsewhere, and all that was before it: each list has one number. */
  fold(counted: number, older: readonly (readonly Unpacked[])[], from: number): void {
    const before = this.#seq - counted;
    this.#ring?.clear();
    older.forEach((some, index) => {
      const seq = before + index + 1;
      for (const { ms, held } of some)
        if (held) this.#drop({ seq, n: this.#last, at: from + ms, held, record: undefined });
    });
  }

  #all(): readonly Entry[] {
    return [...(this.#ring ?? []), ...this.#said()];
  }

  /** What is kept besides what the machine did. */
  #said(): readonly Entry[] {
    return [...(this.#lines ?? []), ...(this.#hint ? [this.#hint] : [])];
  }

  #drop(entry: Entry): void {
    (this.#digest ??= new Digest()).take(entry);
  }
}

function renumber(entry: Entry | undefined, seq: number): void {
  if (!entry?.record) return;
  entry.seq = seq;
  entry.record = { ...entry.record, seq };
}
