import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { messageOf, VzvmError } from '../../errors.ts';
import type { InspectorRecord } from '../records.ts';
import { readHeader, type TraceHeader } from './format.ts';

/** A trace that was read. */
export interface Trace {
  readonly header: TraceHeader;
  readonly records: readonly InspectorRecord[];
  /** What it has not, in sentences; empty for one that is whole. */
  readonly gaps: readonly string[];
}

const LARGEST_BYTES = 512 * 1024 ** 2;
const KINDS: ReadonlySet<string> = new Set([
  'vm',
  'actor',
  'event',
  'microstep',
  'action',
  'snapshot',
  'log',
  'hint',
  'digest',
]);

/**
 * Reads a trace. A last line that was cut short, as by a program that was killed, is left out.
 * @throws VzvmError OPTION_INVALID when there is no such file, or it is no trace.
 */
export async function readTrace(path: string): Promise<Trace> {
  try {
    const { size } = await stat(path);
    if (size > LARGEST_BYTES) throw noTrace(path, `it is larger than ${LARGEST_BYTES} bytes`);
    return await readLines(path);
  } catch (error) {
    if (error instanceof VzvmError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw noTrace(path, code === 'ENOENT' ? 'there is no such file' : messageOf(error), error);
  }
}

async function readLines(path: string): Promise<Trace> {
  const lines = createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity });
  const records: InspectorRecord[] = [];
  let header: TraceHeader | undefined;
  let cut = false;
  let bad = 0;
  let isLastBad = false;
  for await (const line of lines) {
    if (!header) {
      header = readHeader(line);
      if (!header) throw noTrace(path, 'its first line is not that of a trace');
      continue;
    }
    const found = parse(line);
    isLastBad = found === undefined;
    if (found === undefined) bad += 1;
    else if (found.kind === 'cut') cut = true;
    else records.push(found as InspectorRecord);
  }
  if (!header) throw noTrace(path, 'it is empty');
  const unread = bad - (isLastBad ? 1 : 0);
  const gaps = [
    ...(isLastBad ? ['its last line was cut short, and is left out'] : []),
    ...(unread > 0 ? [`${unread} lines could not be read`] : []),
    ...(cut ? ['it came to its limit, and has from then on the states alone'] : []),
  ];
  return { header, records, gaps };
}

interface AnyLine {
  readonly kind: string;
  readonly vm?: unknown;
  readonly seq?: unknown;
  readonly at?: unknown;
}

/** A line, or undefined for one that is none: a file may come from anywhere. */
function parse(line: string): AnyLine | undefined {
  try {
    const found = JSON.parse(line) as AnyLine | null;
    if (found?.kind === 'cut') return found;
    const isRecord = KINDS.has(String(found?.kind)) && typeof found?.vm === 'string';
    return isRecord && Number.isFinite(found.seq) && Number.isFinite(found.at) ? found : undefined;
  } catch {
    return undefined;
  }
}

function noTrace(path: string, why: string, cause?: unknown): VzvmError {
  return new VzvmError('OPTION_INVALID', `${path} cannot be read as a trace: ${why}`, {
    facts: { path },
    hint: `record one: npx vzvm trace ${path} --record; or with the option trace: ${JSON.stringify(path)}`,
    ...(cause === undefined ? {} : { cause }),
  });
}
