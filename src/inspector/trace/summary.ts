import { GrowingPath } from '../path.ts';
import type { InspectorRecord, Json, LogRecord, Path, SnapshotRecord, VmRecord } from '../records.ts';
import { ROOT_ACTOR } from '../records.ts';

/** One step of a VM's life, as a trace tells it. */
export interface TracedStep {
  /** The chart's name for it. */
  readonly name: string;
  readonly title: string;
  /** Milliseconds since the epoch, when it was first entered. */
  readonly startedAt: number;
  /** How long it was active, in milliseconds; up to the trace's end where it still was. */
  readonly ms: number;
  readonly isOpen: boolean;
  readonly skipped: boolean;
  readonly attempts: number;
  readonly deadlineMs?: number;
}

/** Why a VM failed, as its machine remembers it. */
export interface TracedFailure {
  readonly step: string;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly attempt?: number;
  readonly exitCode?: number;
  readonly stderrTail?: string;
  readonly lastError?: string;
}

/** One VM of a trace. */
export interface TracedVm {
  readonly name: string;
  readonly driver: string;
  readonly accelerator?: string;
  readonly image: string;
  readonly startedAt: number;
  /** How long the trace follows it, in milliseconds. */
  readonly ms: number;
  readonly steps: readonly TracedStep[];
  /** `open`: the trace ends before the VM's life. */
  readonly end: 'ready' | 'failed' | 'disposed' | 'open';
  readonly failure?: TracedFailure;
  /** Why it was disposed of. */
  readonly disposeReason?: string;
  /** What could not be released. */
  readonly problems: readonly string[];
  /** What its console said last. */
  readonly console: readonly string[];
}

const CONSOLE_LINES = 20;

/** What a trace tells of each VM, in the order of their beginning. */
export function summarise(records: readonly InspectorRecord[]): TracedVm[] {
  const byVm = Map.groupBy(records, ({ vm }) => vm);
  byVm.delete(''); // What belongs to no VM.
  return [...byVm.values()].flatMap((all) => {
    const first = all.find((record) => record.kind === 'vm');
    return first ? [vmOf(first, all)] : [];
  });
}

function vmOf(first: VmRecord, all: readonly InspectorRecord[]): TracedVm {
  const path = pathOf(all);
  const snapshots = all.filter(isOfRoot);
  const last = snapshots.at(-1);
  const endAt = all.reduce((latest, { at }) => Math.max(latest, at), first.at);
  const failure = failureOf(snapshots, all);
  const reason = lastOf(snapshots, 'disposeReason');
  const problems = (fieldsOf(last?.output)['problems'] ??
    fieldsOf(last?.context)['problems'] ??
    []) as string[];
  return {
    name: first.vm,
    driver: first.driver,
    ...(first.accelerator === undefined ? {} : { accelerator: first.accelerator }),
    image: first.image,
    startedAt: first.at,
    ms: endAt - first.at,
    steps: stepsOf(first, path, { snapshots, endAt }),
    end: endOf(last, failure !== undefined),
    ...(failure === undefined ? {} : { failure }),
    ...(typeof reason === 'string' ? { disposeReason: reason } : {}),
    problems,
    console: consoleOf(all),
  };
}

const isOfRoot = (record: InspectorRecord): record is SnapshotRecord =>
  record.kind === 'snapshot' && record.actor === ROOT_ACTOR;

/** What the error of the boot said is to be done is more than its machine knew. */
function failureOf(
  snapshots: readonly SnapshotRecord[],
  all: readonly InspectorRecord[],
): TracedFailure | undefined {
  const failure = lastOf(snapshots, 'failure') as TracedFailure | undefined;
  const said = all.findLast((record) => record.kind === 'hint');
  return failure && said ? { ...failure, hint: said.hint } : failure;
}

/** The way through the chart, also where its beginning was dropped. */
function pathOf(all: readonly InspectorRecord[]): Path {
  const digest = all.findLast((record) => record.kind === 'digest');
  const path = new GrowingPath(digest?.path);
  for (const record of all) {
    const isTold = digest !== undefined && record.seq <= digest.seq;
    if (record.kind === 'microstep' && record.actor === ROOT_ACTOR && !isTold) path.take(record);
  }
  return path.path;
}

function stepsOf(
  { states: facts }: VmRecord,
  { states, edges }: Path,
  { snapshots, endAt }: { readonly snapshots: readonly SnapshotRecord[]; readonly endAt: number },
): TracedStep[] {
  const steps = Object.entries(states).flatMap(([id, { totalMs, visits }]) => {
    const { title, deadlineMs } = facts[id] ?? {};
    const [begin, last] = [visits[0], visits.at(-1)];
    if (title === undefined || !begin || !last) return [];
    const name = id.split('.').at(-1) ?? id;
    const isOpen = last.to === undefined;
    const skips = Object.values(edges).filter(
      ({ source, target }) => source === `${id}.deciding` && target.includes(`${id}.done`),
    );
    const step = {
      name,
      title,
      startedAt: begin.from,
      ms: totalMs + (isOpen ? endAt - last.from : 0),
      isOpen,
      skipped: skips.length > 0,
      attempts: attemptsOf(name, snapshots),
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
    };
    return [step];
  });
  return steps.toSorted((one, other) => one.startedAt - other.startedAt);
}

function attemptsOf(name: string, snapshots: readonly SnapshotRecord[]): number {
  const contexts = snapshots.map(({ context }) => fieldsOf(context));
  return contexts.reduce(
    (most, { step, attempt }) => (step === name ? Math.max(most, Number(attempt)) : most),
    1,
  );
}

function endOf(last: SnapshotRecord | undefined, hasFailed: boolean): TracedVm['end'] {
  if (hasFailed) return 'failed';
  if (last?.status === 'done') return 'disposed';
  return last?.tags?.includes('ready') ? 'ready' : 'open';
}

function consoleOf(all: readonly InspectorRecord[]): string[] {
  const logs = all.filter(
    (record): record is LogRecord => record.kind === 'log' && record.source === 'console',
  );
  return logs.flatMap(({ lines }) => lines).slice(-CONSOLE_LINES);
}

const fieldsOf = (json: Json | undefined): Readonly<Record<string, Json | undefined>> =>
  typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Record<string, Json>) : {};

function lastOf(snapshots: readonly SnapshotRecord[], field: string): Json | undefined {
  const found = snapshots.findLast(({ context }) => (fieldsOf(context)[field] ?? null) !== null);
  return fieldsOf(found?.context)[field];
}
