import type { AnyActorScope, AnyStateMachine, InspectionEvent, Subscription } from 'xstate';
import { actorOf, heldOf, recordOf } from './convert.ts';
import { Entries, FIRST, type Numbering } from './entries.ts';
import type { Entry } from './entry.ts';
import type { Follower, Taken } from './quiet/follow.ts';
import { tableOf } from './quiet/macrostep-table.ts';
import { Quiet } from './quiet/quiet.ts';
import { type InspectorRecord, type LogSource, ROOT_ACTOR, type VmRecord } from './records.ts';
import type { RecordedGuest } from './recorded-guest.ts';
import { type Redact, Redactor } from './redact.ts';

/** What of a VM is told at its beginning. */
export type VmFacts = Omit<VmRecord, 'kind' | 'seq' | 'at'>;

/** What a VM's recorder needs of the one that all share. */
export interface Shared extends Numbering {
  readonly redact: Redact | undefined;
  readonly now: () => number;
  /** Whether anybody listens. */
  readonly isHeard: () => boolean;
  readonly onEntry: (vm: VmRecorder) => void;
  readonly onEnd: (vm: VmRecorder) => void;
}

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
  readonly #entries: Entries;
  #quiet: Quiet | undefined;
  #machine: AnyStateMachine | undefined;
  #system: AnyActorScope['system'] | undefined;
  #hearing: Subscription | undefined;
  #input: unknown;
  #begunSeq = FIRST;
  #hasEnded = false;

  constructor(facts: VmFacts, shared: Shared, guest?: RecordedGuest) {
    this.name = facts.vm;
    this.#shared = shared;
    this.redactor = new Redactor(shared.redact);
    this.#at = shared.now();
    this.#entries = new Entries(shared);
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
    this.#begunSeq = this.#entries.count();
    this.#system = system;
    if (this.#shared.isHeard()) this.listen(true);
    this.#shared.onEntry(this);
  }

  /** Takes what the machine does, unless that is heard in full. */
  took(taken: Taken): void {
    if (!this.#machine || this.#hearing) return;
    const quiet = (this.#quiet ??= new Quiet(tableOf(this.#machine), this.#ms()));
    quiet.take(taken, this.#machine, this.#ms());
    this.#entries.count();
    if (quiet.isFull) this.#entries.fold(quiet.count, quiet.halve(), this.#at);
    if (taken.after.status !== 'active') this.#end();
  }

  /** The machine has ended, with a word or without. */
  ended(): void {
    this.#end();
  }

  /** Somebody begins to listen, or nobody does any more. */
  listen(isHeard: boolean): void {
    if (isHeard) this.#hearing ??= this.#system?.inspect((event) => this.#hear(event));
    else this.#stopHearing();
  }

  /** Takes lines that somebody has said. `fresh`: in the place of all that this source has said before. */
  log(source: LogSource, lines: readonly string[], fresh = false): void {
    const entry = this.#said();
    const shown = lines.map((line) => this.redactor.line(line));
    const { seq, at } = entry;
    entry.record = { vm: this.name, kind: 'log', seq, at, source, ...(fresh ? { fresh } : {}), lines: shown };
    this.#entries.keepLines(source, entry, fresh);
    this.#shared.onEntry(this);
  }

  /** Takes what is to be done about its failure, where more is known of that than its machine knows. */
  advise(hint: string): void {
    const entry = this.#said();
    const { seq, at } = entry;
    entry.record = { vm: this.name, kind: 'hint', seq, at, hint: this.redactor.line(hint, 'error.hint') };
    this.#entries.keepHint(entry);
    this.#shared.onEntry(this);
  }

  /** Something that the machine has no part in, with its place among what that does. */
  #said(): Entry {
    this.#renewSecrets();
    const entry = this.#entries.make(this.#shared.now());
    this.#quiet?.elsewhere(entry.at - this.#at);
    return entry;
  }

  /**
   * What there is since a record: for a viewer that has seen all up to `seq`. Where some of it is gone already, there is
   * a digest of that.
   */
  since(seq: number): readonly InspectorRecord[] {
    this.#renewSecrets();
    this.#unpack();
    const beginning = seq < this.#begunSeq ? this.#beginning() : [];
    return [...beginning, ...this.#entries.since(seq, this.name, (entry) => this.#recordOf(entry))]
      .filter((record) => record !== undefined)
      .filter((record) => record.seq > seq)
      .toSorted((one, other) => one.seq - other.seq);
  }

  /** Drops all up to an entry, of which nobody will ask any more. A digest is left, for when it drops more than it is asked. */
  forget(seq: number): void {
    this.#entries.forget(seq);
  }

  /** The number within this VM of the last entry that is not newer than the n-th of all. */
  seqAt(n: number): number {
    this.#unpack();
    return this.#entries.seqAt(n);
  }

  #hear(event: InspectionEvent): void {
    this.#unpack();
    const held = heldOf(event);
    if (held) this.#entries.keep(this.#entries.make(this.#shared.now(), held));
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
    this.#entries.unpack(quiet.count, quiet.unpack(this.#entries.actors), this.#at);
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
