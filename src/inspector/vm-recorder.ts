import type { InspectionEvent } from 'xstate';
import { actorOf, type Held, heldOf, recordOf } from './convert.ts';
import { GrowingPath } from './path.ts';
import {
  type DigestRecord,
  type InspectorRecord,
  type LogRecord,
  type LogSource,
  ROOT_ACTOR,
  type SnapshotRecord,
  type VmRecord,
} from './records.ts';
import { type Redact, Redactor } from './redact.ts';
import { Ring } from './ring.ts';

/** What of a VM is told at its beginning. */
export type VmFacts = Omit<VmRecord, 'kind' | 'seq' | 'at'>;

/** Something that happened. Made a record when somebody wants to see it: most of the time nobody does. */
interface Entry {
  readonly seq: number;
  /** Number among all that the recorder has seen. */
  readonly n: number;
  readonly at: number;
  held: Held | undefined;
  record: InspectorRecord | undefined;
}

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

/** Hands on what a source says, with what it has said last, until it is cancelled or there is no more. */
export type FollowLog = (
  source: 'console' | 'harness',
  onText: (text: string) => void,
  signal: AbortSignal,
) => Promise<void>;

const LOG_LIMIT = 400;

/** What happened to one VM: its latest entries, and a digest of all before them. */
export class VmRecorder {
  readonly name: string;
  readonly redactor: Redactor;
  readonly #shared: Shared;
  readonly #first: Entry;
  readonly #facts: VmFacts;
  readonly #entries = new Ring<Entry>((entry) => this.#digest(entry));
  readonly #logs = new Map<LogSource, Ring<Entry>>();
  readonly #path = new GrowingPath();
  /** The last snapshots that were dropped, of actors that live. */
  readonly #snapshots = new Map<string, Entry>();
  /** The machine's last snapshot that nobody was told of; when, and what. */
  #untold: { readonly at: number; readonly held: Held } | undefined;
  #secrets: () => Iterable<string | undefined> = () => [];
  #seq = 0;
  #last = 0;
  #dropped = { count: 0, seq: 0, at: 0 };
  #machine: unknown;
  #hasEnded = false;

  constructor(facts: VmFacts, shared: Shared) {
    this.name = facts.vm;
    this.#shared = shared;
    this.redactor = new Redactor(shared.redact);
    this.#first = this.#entry(undefined);
    this.#facts = facts;
  }

  /** Follows what the guest says, while somebody looks; undefined where nobody can. */
  follow: FollowLog | undefined;

  /** Whether somebody looks at what the guest says. */
  isFollowed = false;

  /** True once its machine has ended. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Number, among all entries of all VMs, of its last one. */
  get last(): number {
    return this.#last;
  }

  /** The configuration of the machine that it follows, as JSON; undefined before it began. */
  get definition(): string | undefined {
    const config = (this.#machine as { readonly config?: unknown } | undefined)?.config;
    return config === undefined ? undefined : JSON.stringify(this.redactor.plain('definition', config));
  }

  /** Hides these values wherever they show up. Asked each time, because some are made late, and told once, because some go early. */
  hide(secrets: () => Iterable<string | undefined>): void {
    const before = this.#secrets;
    this.redactor.hide(secrets());
    this.#secrets = () => [...before(), ...secrets()];
  }

  /** Takes one of xstate's inspection events. While nobody listens, only what is needed to tell the way so far. */
  readonly inspect = (event: InspectionEvent): void => {
    if (!this.#shared.isHeard()) return this.#inspectQuietly(event);
    if (event.type === '@xstate.snapshot' && actorOf(event) === ROOT_ACTOR) this.#untold = undefined;
    this.#take(event);
    this.#shared.onEntry(this);
  };

  /** Somebody looks: tells them where the machine is. */
  #rouse(): void {
    if (!this.#untold) return;
    const { at, held } = this.#untold;
    this.#untold = undefined;
    this.#entries.push(this.#entry(held, at), this.#shared.limit());
  }

  #inspectQuietly(event: InspectionEvent): void {
    if (event.type === '@xstate.microstep' || event.type === '@xstate.actor') return this.#take(event);
    if (event.type !== '@xstate.snapshot' || actorOf(event) !== ROOT_ACTOR) return;
    const held = heldOf(event);
    this.#untold = held && { at: this.#shared.now(), held };
    if (event.snapshot.status !== 'active') this.#end();
  }

  #take(event: InspectionEvent): void {
    const held = heldOf(event);
    if (held) this.#entries.push(this.#entry(held), this.#shared.limit());
    if (actorOf(event) === ROOT_ACTOR) this.#note(event);
  }

  /** Takes lines that somebody has said. `fresh`: in the place of all that this source has said before. */
  log(source: LogSource, lines: readonly string[], fresh = false): void {
    const entry = this.#entry(undefined);
    const { seq, at } = entry;
    this.#renewSecrets();
    const record: LogRecord = {
      vm: this.name,
      kind: 'log',
      seq,
      at,
      source,
      ...(fresh ? { fresh } : {}),
      lines: lines.map((line) => this.redactor.text(line)),
    };
    entry.record = record;
    const ring = (fresh ? undefined : this.#logs.get(source)) ?? new Ring<Entry>();
    this.#logs.set(source, ring);
    ring.push(entry, LOG_LIMIT);
    this.#shared.onEntry(this);
  }

  /**
   * What there is since a record: for a viewer that has seen all up to `seq`. Where some of it is gone already, it
   * begins with a digest.
   */
  since(seq: number): readonly InspectorRecord[] {
    this.#renewSecrets();
    this.#rouse();
    const first = seq < this.#first.seq ? [this.#vmRecord()] : [];
    const digest = seq < this.#dropped.seq ? [this.#digestRecord()] : [];
    const rest = [...this.#entries, ...[...this.#logs.values()].flatMap((ring) => [...ring])]
      .filter((entry) => entry.seq > seq)
      .toSorted((one, other) => one.seq - other.seq)
      .map((entry) => this.#recordOf(entry));
    return [...first, ...digest, ...rest].filter((record) => record !== undefined);
  }

  /** The number within this VM of the last entry that is not newer than the n-th of all. */
  seqAt(n: number): number {
    if (n >= this.#last) return this.#seq;
    const all = [this.#first, ...this.#entries, ...[...this.#logs.values()].flatMap((ring) => [...ring])];
    // What was dropped since is told by a digest, so that it does not matter that it is not found here.
    return Math.max(0, ...all.filter((entry) => entry.n <= n).map((entry) => entry.seq));
  }

  #entry(held: Held | undefined, at = this.#shared.now()): Entry {
    this.#last = this.#shared.next();
    return { seq: (this.#seq += 1), n: this.#last, at, held, record: undefined };
  }

  #note(event: InspectionEvent): void {
    if (event.type === '@xstate.actor') this.#machine = (event.actorRef as { logic?: unknown }).logic;
    if (event.type === '@xstate.snapshot' && event.snapshot.status !== 'active') this.#end();
  }

  #end(): void {
    this.#hasEnded = true;
    this.#renewSecrets();
    this.#secrets = () => []; // They are known by now, and what they came from is to be freed.
    this.#shared.onEnd(this);
  }

  #renewSecrets(): void {
    this.redactor.hide(this.#secrets());
  }

  #vmRecord(): VmRecord {
    const { seq, at } = this.#first;
    return { ...(this.redactor.plain('facts', this.#facts) as unknown as VmFacts), kind: 'vm', seq, at };
  }

  #recordOf(entry: Entry): InspectorRecord | undefined {
    const { held, seq, at } = entry;
    if (held) {
      entry.record = recordOf({ vm: this.name, seq, at }, held, this.redactor);
      entry.held = undefined;
    }
    return entry.record;
  }

  #digest(entry: Entry): void {
    const { held, record, at, seq } = entry;
    this.#dropped = { count: this.#dropped.count + 1, seq, at };
    if (held?.type === 'microstep') this.#path.take({ at, edges: held.edges, active: held.active });
    else if (record?.kind === 'microstep') this.#path.take(record);
    else if (held?.type === 'snapshot') this.#keep(held.actor, held.snapshot.status, entry);
    else if (record?.kind === 'snapshot') this.#keep(record.actor, record.status, entry);
  }

  #keep(actor: string, status: string, entry: Entry): void {
    if (status === 'active' || actor === ROOT_ACTOR) this.#snapshots.set(actor, entry);
    else this.#snapshots.delete(actor);
  }

  #digestRecord(): DigestRecord {
    const { count, seq, at } = this.#dropped;
    const snapshots = [...this.#snapshots.values()].map((entry) => this.#recordOf(entry) as SnapshotRecord);
    return { vm: this.name, kind: 'digest', seq, at, dropped: count, path: this.#path.path, snapshots };
  }
}
