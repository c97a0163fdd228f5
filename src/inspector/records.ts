// The inspector's records: plain JSON, redacted already. A page, a trace file and the official protocol are made from them.

/** Anything that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What every record has. */
export interface RecordBase {
  /** The VM's name; empty for what belongs to none. */
  readonly vm: string;
  /** From 1, within the VM, without holes: what is missing before the first one is in a {@link DigestRecord}. */
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What is known of a state besides its place in the chart. */
export interface StateFacts {
  readonly title?: string;
  /** Milliseconds within which it has to be left. */
  readonly deadlineMs?: number;
  /** From when on it is slow for its kind, in milliseconds. */
  readonly slowAfterMs?: number;
}

/** A VM begins. */
export interface VmRecord extends RecordBase {
  readonly kind: 'vm';
  /** Id of the chart that it follows. */
  readonly machine: string;
  readonly driver: string;
  readonly accelerator?: string;
  readonly image: string;
  readonly cpu?: number;
  readonly memoryMiB?: number;
  /** By the states' ids. */
  readonly states: Readonly<Record<string, StateFacts>>;
}

/** An actor begins: the VM's machine itself, or work that it has done by others. */
export interface ActorRecord extends RecordBase {
  readonly kind: 'actor';
  /** Unique within the VM. The machine's is {@link ROOT_ACTOR}. */
  readonly actor: string;
  readonly name: string;
  readonly parent?: string;
  readonly input?: Json;
}

/** An event reached an actor. */
export interface EventRecord extends RecordBase {
  readonly kind: 'event';
  readonly actor: string;
  readonly source?: string;
  readonly event: { readonly type: string; readonly [field: string]: Json };
  /** Nobody looked at the time: only its name is known, and what is part of a reason. */
  readonly derived?: true;
}

/** One edge of the chart that was taken. */
export interface TakenEdge {
  readonly source: string;
  /** Empty for an eventless one. */
  readonly event: string;
  readonly target: readonly string[];
  readonly guard?: string;
}

/** The machine took edges. */
export interface MicrostepRecord extends RecordBase {
  readonly kind: 'microstep';
  readonly actor: string;
  readonly event: string;
  readonly edges: readonly TakenEdge[];
  /** Ids of the states that are active now. */
  readonly active: readonly string[];
  /** Why, in words. */
  readonly reason: string;
}

/** The machine did something. It is told before the microstep that it belongs to. */
export interface ActionRecord extends RecordBase {
  readonly kind: 'action';
  readonly actor: string;
  readonly action: string;
  readonly params?: Json;
  /** Nobody looked at the time: it is what the chart does at this step, with no value of this VM. */
  readonly derived?: true;
}

/** An actor is in a new state. */
export interface SnapshotRecord extends RecordBase {
  readonly kind: 'snapshot';
  readonly actor: string;
  readonly event: string;
  readonly status: string;
  readonly value?: Json;
  /** Ids of the active states, of a machine. */
  readonly active?: readonly string[];
  readonly tags?: readonly string[];
  /** Names of the actors at work for it, of a machine. */
  readonly children?: readonly string[];
  readonly context?: Json;
  readonly output?: Json;
  readonly error?: Json;
}

/** Where a line of text comes from. */
export type LogSource = 'substrate' | 'console' | 'harness';

/** Somebody said something. */
export interface LogRecord extends RecordBase {
  readonly kind: 'log';
  readonly source: LogSource;
  /** It begins anew: earlier lines of this source are told again. */
  readonly fresh?: true;
  readonly lines: readonly string[];
}

/** What to do about a failure, as the error of the boot says it: the machine alone knows less. */
export interface HintRecord extends RecordBase {
  readonly kind: 'hint';
  readonly hint: string;
}

/** A time that a state was active. */
export interface Visit {
  readonly from: number;
  /** Undefined while it is active. */
  readonly to?: number;
}

/** What became of a state so far. */
export interface VisitedState {
  readonly count: number;
  /** How long it was active in all that have ended, in milliseconds. */
  readonly totalMs: number;
  /** The last ones. */
  readonly visits: readonly Visit[];
}

/** An edge with how often it was taken. */
export interface CountedEdge extends TakenEdge {
  readonly count: number;
  readonly lastAt: number;
}

/** The way that a VM has taken through its chart. */
export interface Path {
  readonly states: Readonly<Record<string, VisitedState>>;
  /** By source, event, guard and targets. */
  readonly edges: Readonly<Record<string, CountedEdge>>;
  readonly active: readonly string[];
}

/** What is left of records that were dropped: they are all older than those that follow. */
export interface DigestRecord extends RecordBase {
  readonly kind: 'digest';
  /** How many were dropped. Its own `seq` is that of the last of them. */
  readonly dropped: number;
  readonly path: Path;
  /** The last snapshot of each actor that has not ended by then. */
  readonly snapshots: readonly SnapshotRecord[];
}

/** One thing that happened. */
export type InspectorRecord =
  | VmRecord
  | ActorRecord
  | EventRecord
  | MicrostepRecord
  | ActionRecord
  | SnapshotRecord
  | LogRecord
  | HintRecord
  | DigestRecord;

/** The machine of each VM, among its actors. */
export const ROOT_ACTOR = 'root';
