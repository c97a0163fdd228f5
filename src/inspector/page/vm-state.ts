import { GrowingPath } from '../path.ts';
import type { InspectorRecord, Json, LogSource, Path, SnapshotRecord, VmRecord } from '../records.ts';

type Fields = { readonly [key: string]: Json };

const MOST_LINES = 1_500;
const ROOT = 'root';

/** What is known of a VM at one moment. */
export class VmState {
  facts: VmRecord | undefined;
  snapshot: SnapshotRecord | undefined;
  readonly lines = new Map<LogSource, readonly string[]>();
  firstAt = 0;
  lastAt = 0;
  endedAt: number | undefined;
  failedAt: number | undefined;
  /** What to do about its failure, where more is known of that than its machine knows. */
  hint: string | undefined;
  /** Where it was when it failed. */
  failedIn: readonly string[] = [];
  dropped = 0;
  #path = new GrowingPath();

  /** What another state has become so far, to go on from. */
  static from(other: VmState): VmState {
    const copy = new VmState();
    const { facts, snapshot, firstAt, lastAt, endedAt, failedAt, failedIn, hint, dropped } = other;
    Object.assign(copy, { facts, snapshot, firstAt, lastAt, endedAt, failedAt, failedIn, hint, dropped });
    for (const [source, lines] of other.lines) copy.lines.set(source, lines);
    copy.#path = new GrowingPath(other.path);
    return copy;
  }

  get path(): Path {
    return this.#path.path;
  }

  get context(): Fields {
    return (this.snapshot?.context ?? {}) as Fields;
  }

  get failure(): Fields | undefined {
    return (this.context['failure'] ?? undefined) as Fields | undefined;
  }

  /** In a word, for a glance. */
  get status(): 'booting' | 'ready' | 'failed' | 'disposing' | 'gone' | 'cancelled' {
    if (this.endedAt !== undefined) return this.failure ? 'failed' : this.#wasReady() ? 'gone' : 'cancelled';
    const { tags = [] } = this.snapshot ?? {};
    if (this.failure) return 'failed';
    if (tags.includes('disposing')) return 'disposing';
    return tags.includes('ready') ? 'ready' : 'booting';
  }

  apply(record: InspectorRecord): void {
    if (this.firstAt === 0) this.firstAt = record.at;
    this.lastAt = record.at;
    switch (record.kind) {
      case 'vm':
        this.facts = record;
        break;
      case 'digest':
        this.#restart(record);
        break;
      case 'microstep':
        this.#step(record);
        break;
      case 'snapshot':
        this.#snap(record);
        break;
      case 'log':
        this.#log(record);
        break;
      case 'hint':
        this.hint = record.hint;
        break;
      case 'actor':
      case 'event':
      case 'action':
        break;
    }
  }

  #restart(record: InspectorRecord & { kind: 'digest' }): void {
    this.#path = new GrowingPath(record.path);
    this.dropped = record.dropped;
    for (const snapshot of record.snapshots) this.#snap(snapshot);
    this.lastAt = record.at;
  }

  #step(record: InspectorRecord & { kind: 'microstep' }): void {
    const before = this.#path.active;
    this.#path.take(record);
    if (this.failedAt !== undefined || !record.edges.some(({ target }) => target.includes('failed'))) return;
    this.failedAt = record.at;
    this.failedIn = before;
  }

  #snap(record: SnapshotRecord): void {
    if (record.actor !== ROOT) return;
    this.snapshot = record;
    if (record.status !== 'active') this.endedAt = record.at;
  }

  #log({ source, lines, fresh }: InspectorRecord & { kind: 'log' }): void {
    const before = fresh ? [] : (this.lines.get(source) ?? []);
    this.lines.set(source, [...before, ...lines].slice(-MOST_LINES));
  }

  #wasReady(): boolean {
    return Object.keys(this.path.states).some((id) => id.endsWith('.healthy'));
  }
}
