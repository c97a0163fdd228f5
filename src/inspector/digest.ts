import type { Held } from './convert.ts';
import type { Entry } from './entry.ts';
import { GrowingPath } from './path.ts';
import { type DigestRecord, type InspectorRecord, ROOT_ACTOR, type SnapshotRecord } from './records.ts';

/** What is left of entries that are dropped, the oldest first. */
export class Digest {
  readonly #path = new GrowingPath();
  /** The last snapshots, of actors that live. */
  readonly #snapshots = new Map<string, Entry>();
  #count = 0;
  #seq = 0;
  #at = 0;

  /** Number of the last one that was dropped. */
  get seq(): number {
    return this.#seq;
  }

  take(entry: Entry): void {
    const { held, record, at } = entry;
    this.#count += 1;
    this.#seq = entry.seq;
    this.#at = at;
    if (held) this.#takeHeld(held, entry);
    else if (record?.kind === 'microstep') this.#path.take(record);
    else if (record?.kind === 'snapshot') this.#keep(record.actor, record.status, entry);
  }

  /** As a record of a VM. */
  record(vm: string, recordOf: (entry: Entry) => InspectorRecord | undefined): DigestRecord {
    const snapshots = [...this.#snapshots.values()].map((entry) => recordOf(entry) as SnapshotRecord);
    const { path } = this.#path;
    return { vm, kind: 'digest', seq: this.#seq, at: this.#at, dropped: this.#count, path, snapshots };
  }

  #takeHeld(held: Held, entry: Entry): void {
    if (held.type === 'microstep') this.#path.take({ at: entry.at, edges: held.edges, active: held.active });
    else if (held.type === 'snapshot') this.#keep(held.actor, held.snapshot.status, entry);
  }

  #keep(actor: string, status: string, entry: Entry): void {
    if (status === 'active' || actor === ROOT_ACTOR) this.#snapshots.set(actor, entry);
    else this.#snapshots.delete(actor);
  }
}
