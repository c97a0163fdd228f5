import { createNdjsonParser, transcriptSeedLine } from '@computeragent/protocol';
import { HarnessError } from '../errors.ts';
import { TranscriptTable } from '../store/transcript-table.ts';

/** Of one transcript. */
const MAX_SEED_BYTES = 128 * 1024 * 1024;

/** What a host has told of a session's past. */
export interface Seed {
  readonly table: TranscriptTable;
  readonly lines: number;
  readonly entries: number;
}

/** Reads a body of NDJSON as it comes. */
export async function readSeed(body: ReadableStream<Uint8Array> | null): Promise<Seed> {
  const table = new TranscriptTable();
  const parser = createNdjsonParser();
  const counts = { lines: 0, entries: 0 };
  const take = (values: readonly unknown[]): void => {
    for (const value of values) {
      const line = transcriptSeedLine.safeParse(value);
      if (!line.success) throw invalid(`line ${counts.lines + 1} of the transcript is not valid`);
      const { key, entries } = line.data;
      table.add(key, entries);
      counts.lines += 1;
      counts.entries += entries.length;
    }
  };
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_SEED_BYTES) throw tooLarge();
    take(parsed(() => parser.push(chunk)));
  }
  take(parsed(() => parser.end()));
  return { table, ...counts };
}

function parsed(parse: () => unknown[]): unknown[] {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge();
    throw invalid('the transcript is not NDJSON');
  }
}

function tooLarge(): HarnessError {
  return new HarnessError('TOO_LARGE', 413, `the transcript is over ${MAX_SEED_BYTES} bytes`);
}

function invalid(message: string): HarnessError {
  return new HarnessError('VALIDATION', 400, message);
}
