import type { TranscriptEntry, TranscriptKey } from '@computeragent/protocol';

interface Transcript {
  readonly sessionId: string;
  readonly subpath: string | undefined;
  /** Each as its JSON: so they can be counted, and nobody changes them. */
  readonly entries: string[];
  readonly uuids: Set<string>;
}

/** Transcripts of one session, in memory. */
export class TranscriptTable {
  readonly #transcripts = new Map<string, Transcript>();
  #size = 0;

  /** Characters of all entries. */
  get size(): number {
    return this.#size;
  }

  /** Adds entries that are not there yet, up to `room` characters of them or none: then it answers false. */
  add(key: TranscriptKey, entries: readonly TranscriptEntry[], room = Infinity): boolean {
    const transcript = this.#of(key);
    const fresh = freshOf(entries, transcript.uuids);
    const texts = fresh.map((entry) => JSON.stringify(entry));
    const size = texts.reduce((sum, text) => sum + text.length, 0);
    if (size > room) return false;
    for (const text of texts) transcript.entries.push(text);
    for (const uuid of fresh.flatMap(uuidOf)) transcript.uuids.add(uuid);
    this.#size += size;
    return true;
  }

  /** Those of the entries that are not there yet. */
  fresh(key: TranscriptKey, entries: readonly TranscriptEntry[]): readonly TranscriptEntry[] {
    return freshOf(entries, this.#of(key).uuids);
  }

  /** From now on these count as being there, though somebody else keeps them. */
  leaveOut(key: TranscriptKey, entries: readonly TranscriptEntry[]): void {
    const { uuids } = this.#of(key);
    for (const uuid of entries.flatMap(uuidOf)) uuids.add(uuid);
  }

  load(key: TranscriptKey): TranscriptEntry[] | null {
    const transcript = this.#of(key);
    if (transcript.entries.length === 0) return null;
    return transcript.entries.map((text) => JSON.parse(text) as TranscriptEntry);
  }

  listSubkeys({ sessionId }: Pick<TranscriptKey, 'sessionId'>): string[] {
    const own = [...this.#transcripts.values()].filter(
      (transcript) => transcript.sessionId === sessionId && transcript.entries.length > 0,
    );
    return own.flatMap(({ subpath }) => (subpath === undefined ? [] : [subpath]));
  }

  #of({ sessionId, subpath }: TranscriptKey): Transcript {
    const name = JSON.stringify([sessionId, subpath]);
    const known = this.#transcripts.get(name);
    if (known) return known;
    const made = { sessionId, subpath, entries: [], uuids: new Set<string>() };
    this.#transcripts.set(name, made);
    return made;
  }
}

/** Those of the entries whose `uuid` is neither known nor comes twice. */
export function freshOf(
  entries: readonly TranscriptEntry[],
  known: ReadonlySet<string>,
): readonly TranscriptEntry[] {
  const seen = new Set<string>();
  return entries.filter((entry) => {
    const [uuid] = uuidOf(entry);
    if (uuid === undefined) return true;
    if (known.has(uuid) || seen.has(uuid)) return false;
    seen.add(uuid);
    return true;
  });
}

/** The entry's `uuid`, if it has one. Entries are the engine's: they may be anything. */
export function uuidOf(entry: TranscriptEntry): readonly string[] {
  const uuid: unknown = (entry as TranscriptEntry | null)?.['uuid'];
  return typeof uuid === 'string' ? [uuid] : [];
}
