import type { AnyActorScope, AnyStateMachine, InspectionEvent, Subscription } from 'xstate';
import { actorOf, type Held, heldOf, recordOf } from './convert.ts';
import { Digest } from './digest.ts';
import type { Entry } from './entry.ts';
import { LogLines } from './log-lines.ts';
import type { Follower, Taken } from './quiet/follow.ts';
import { tableOf } from './quiet/macrostep-table.ts';
import { Quiet } from './quiet/quiet.ts';
import {
  type ActorRecord,
  type InspectorRecord,
  type LogSource,
  ROOT_ACTOR,
  type VmRecord,
} from './records.ts';
import type { RecordedGuest } from './recorded-guest.ts';
import { type Redact, Redactor } from './redact.ts';
import { Ring } from './ring.ts';

/** What of a VM is told at its beginning. */
export type VmFacts = Omit<VmRecord, 'kind' | 'seq' | 'at'>;

/** What a VM's recorder needs of the one that all share. */
export interface Shared {
  readonly redact: Redact | undefined;
  readonly now: () => number;
  /** Entries that one VM may keep. */
  readonly limit: () => number;
  /** Numbers of all entries, in order. */
  readonly next: () => number;
  /** Whether anybody listens. */
  readonly isHeard: () => boolean;
  readonly onEntry: (vm: VmRecorder) => void;
  readonly onEnd: (vm: VmRecorder) => void;
}

const FIRST = 1;

/**
 * What happened to one VM. While somebody listens: its latest entries, and a digest of all before them. While nobody
 * does, which is most of the time and of most VMs: the way it goes, in a few bytes for each step.
 */
export class VmRecorder implements Follower {
  readonly name: string;
  readonly redactor: Redactor;
  readonly #shared: Shared;
  readonly #facts: VmFacts;
  readonly #at: number;
  #entries: Ring<Entry> | undefined;
  #lines: LogLines | undefined;
  #hint: Entry | undefined;
  #digest: Digest | undefined;
  #quiet: Quiet | undefined;
  #machine: AnyStateMachine | undefined;
  #system: AnyActorScope['system'] | undefined;
  #hearing: Subscription | undefined;
  #input: unknown;
  #begunSeq = FIRST;
  #seq = FIRST;
  #last: number;
  #hasEnded = false;

  constructor(facts: VmFacts, shared: Shared, guest?: RecordedGuest) {
    this.name = facts.vm;
    this.#shared = shared;
    this.redactor = new Redactor(shared.redact);
    this.#at = shared.now();
    this.#last = shared.next();
    this.#facts = facts;
    this.guest = guest;
    this.#renewSecrets();
  }

  /** Undefined where there is none, or none any more. */
  guest: RecordedGuest | undefined;

  /** Whether somebody looks at what the guest says. */
  isFollowed = false;

  /** True once its machine has ended. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The configuration of the machine that it follows, as JSON; undefined before it began. */
  get definition(): string | undefined {
    return this.#machine && JSON.stringify(this.redactor.plain('definition', this.#machine.config));
  }

  /** Hides these values wherever they show up. */
  hide(secrets: Iterable<string | undefined>): void {
    this.redactor.hide(secrets);
  }

  /** The machine begins. */
  begins(machine: AnyStateMachine, { system }: AnyActorScope, input: unknown): void {
    this.#machine = machine;
    this.#input = input;
    this.#begunSeq = this.#entry(undefined, this.#at).seq;
    this.#system = system;
    if (this.#shared.isHeard()) this.listen(true);
    this.#shared.onEntry(this);
  }

  /** Takes what the machine does, unless that is heard in full. */
  took(taken: Taken): void {
    if (!this.#machine || this.#hearing) return;
    const quiet = (this.#quiet ??= new Quiet(tableOf(this.#machine), this.#ms()));
    quiet.take(taken, this.#machine, this.#ms());
    this.#seq += 1;
    this.#last = this.#shared.next();
    if (quiet.isFull) this.#fold(quiet);
    if (taken.after.status !== 'active') this.#end();
  }

  /** The machine has ended without a word. */
  broke(): void {
    this.#end();
  }

  /** Somebody begins to listen, or nobody does any more. */
  listen(isHeard: boolean): void {
    if (isHeard) this.#hearing ??= this.#system?.inspect((event) => this.#hear(event));
    else this.#stopHearing();
  }

  /** Takes lines that somebody has said. `fresh`: in the place of all that this source has said before. */
  log(source: LogSource, lines: readonly string[], fresh = false): void {
    const entry = this.#entry(undefined, this.#shared.now());
    const { seq, at } = entry;
    this.#renewSecrets();
    const shown = lines.map((line) => this.redactor.line(line));
    entry.record = { vm: this.name, kind: 'log', seq, at, source, ...(fresh ? { fresh } : {}), lines: shown };
    this.#quiet?.elsewhere(at - this.#at);
    (this.#lines ??= new LogLines()).push(source, entry, fresh);
    this.#shared.onEntry(this);
  }

  /** Takes what is to be done about its failure, where more is known of that than its machine knows. */
  advise(hint: string): void {
    const entry = this.#entry(undefined, this.#shared.now());
    const { seq, at } = entry;
    this.#renewSecrets();
    entry.record = { vm: this.name, kind: 'hint', seq, at, hint: this.redactor.line(hint, 'error.hint') };
    this.#quiet?.elsewhere(at - this.#at);
    this.#hint = entry;
    this.#shared.onEntry(this);
  }

  /**
   * What there is since a record: for a viewer that has seen all up to `seq`. Where some of it is gone already, there is
   * a digest of that.
   */
  since(seq: number): readonly InspectorRecord[] {
    this.#renewSecrets();
    this.#unpack();
    const recordOf = (entry: Entry) => this.#recordOf(entry);
    return [
      ...(seq < this.#begunSeq ? this.#beginning() : []),
      this.#digest && seq < this.#digest.seq ? this.#digest.record(this.name, recordOf) : undefined,
      ...this.#stored()
        .filter((entry) => entry.seq > seq)
        .map(recordOf),
    ]
      .filter((record) => record !== undefined)
      .filter((record) => record.seq > seq)
      .toSorted((one, other) => one.seq - other.seq);
  }

  /** Drops all up to an entry, of which nobody will ask any more. A digest is left, for when it drops more than it is asked. */
  forget(seq: number): void {
    const rest = this.#stored().filter((entry) => entry.seq > seq);
    if (rest.length > 0) return; // What has come meanwhile is told soon.
    this.#entries?.clear();
    this.#entries = this.#lines = this.#hint = undefined;
  }

  /** The number within this VM of the last entry that is not newer than the n-th of all. */
  seqAt(n: number): number {
    this.#unpack();
    if (n >= this.#last) return this.#seq;
    const known = this.#stored().filter((entry) => entry.n <= n);
    // What was dropped since is told by a digest, so that it does not matter that it is not found here.
    return Math.max(0, ...known.map(({ seq }) => seq));
  }

  #stored(): readonly Entry[] {
    return [...(this.#entries ?? []), ...this.#said()];
  }

  /** What is kept besides what the machine did. */
  #said(): readonly Entry[] {
    return [...(this.#lines ?? []), ...(this.#hint ? [this.#hint] : [])];
  }

  #hear(event: InspectionEvent): void {
    this.#unpack();
    const held = heldOf(event);
    if (held) this.#push(this.#entry(held, this.#shared.now()));
    const isEnd = event.type === '@xstate.snapshot' && event.snapshot.status !== 'active';
    if (isEnd && actorOf(event) === ROOT_ACTOR) this.#end();
    this.#shared.onEntry(this);
  }

  #stopHearing(): void {
    this.#hearing?.unsubscribe();
    this.#hearing = undefined;
  }

  #ms(): number {
    return this.#shared.now() - this.#at;
  }

  /** Somebody comes: makes entries of what was kept, with what is known to have been around it. */
  #unpack(): void {
    const quiet = this.#quiet;
    if (!quiet) return;
    this.#quiet = undefined;
    const before = this.#seq - quiet.count;
    const all = quiet.unpack(this.#actors());
    // Numbered anew: nobody was told of any. Of lines that were dropped since the places are left out.
    const lines = this.#said()
      .filter(({ seq }) => seq > before)
      .toSorted((one, other) => one.seq - other.seq);
    let gone = all.filter(({ held }) => !held).length - lines.length;
    this.#seq = before;
    for (const { ms, held } of all)
      if (held)
        this.#push({ seq: (this.#seq += 1), n: this.#last, at: this.#at + ms, held, record: undefined });
      else if (gone > 0) gone -= 1;
      else renumber(lines.shift(), (this.#seq += 1));
  }

  /** The actors that are told of. */
  #actors(): ReadonlySet<string> {
    const told = [...(this.#entries ?? [])].map(({ held, record }) =>
      held?.type === 'actor' || record?.kind === 'actor' ? (held ?? (record as ActorRecord)).actor : '',
    );
    return new Set(told);
  }

  #fold(quiet: Quiet): void {
    const before = this.#seq - quiet.count;
    this.#entries?.clear();
    quiet.halve().forEach((steps, index) => {
      for (const { ms, held } of steps)
        if (held)
          this.#drop({ seq: before + index + 1, n: this.#last, at: this.#at + ms, held, record: undefined });
    });
  }

  #entry(held: Held | undefined, at: number): Entry {
    this.#last = this.#shared.next();
    return { seq: (this.#seq += 1), n: this.#last, at, held, record: undefined };
  }

  #push(entry: Entry): void {
    this.#entries ??= new Ring((dropped) => this.#drop(dropped));
    this.#entries.push(entry, this.#shared.limit());
  }

  #drop(entry: Entry): void {
    (this.#digest ??= new Digest()).take(entry);
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#system = undefined; // It is to be freed.
    // The actor whose answer was its end tells its own end after that, at once.
    queueMicrotask(() => this.#stopHearing());
    this.#renewSecrets();
    this.guest = undefined; // Its secrets are known by now, and it is to be freed.
    this.#shared.onEnd(this);
  }

  #renewSecrets(): void {
    if (this.guest) this.redactor.hide(this.guest.secrets());
  }

  #beginning(): readonly InspectorRecord[] {
    const base = { vm: this.name, at: this.#at };
    const facts = this.redactor.plain('facts', this.#facts) as unknown as VmFacts;
    const vm: VmRecord = { ...facts, kind: 'vm', seq: FIRST, at: this.#at };
    if (!this.#machine) return [vm];
    const begun = { type: 'actor', actor: ROOT_ACTOR, name: this.name, input: this.#input } as const;
    return [vm, recordOf({ ...base, seq: this.#begunSeq }, begun, this.redactor)];
  }

  #recordOf(entry: Entry): InspectorRecord | undefined {
    const { held, seq, at } = entry;
    if (held) {
      entry.record = recordOf({ vm: this.name, seq, at }, held, this.redactor);
      entry.held = undefined;
    }
    return entry.record;
  }
}

function renumber(entry: Entry | undefined, seq: number): void {
  if (!entry?.record) return;
  entry.seq = seq;
  entry.record = { ...entry.record, seq };
}
