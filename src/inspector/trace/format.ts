import type { InspectorRecord } from '../records.ts';

/** The first line of a trace file: what the lines after it are. */
export interface TraceHeader {
  readonly kind: 'trace';
  readonly version: 1;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly pid: number;
  readonly node: string;
  readonly platform: string;
}

/** From here on only what the machines did is written: the file has nearly all that it may have. */
export interface TraceCut {
  readonly kind: 'cut';
  readonly at: number;
  readonly limitBytes: number;
}

/** One line of a trace file. */
export type TraceLine = TraceHeader | TraceCut | InspectorRecord;

/** The header of a trace that begins now. */
export function headerAt(at: number): TraceHeader {
  const { pid, version, platform, arch } = process;
  return { kind: 'trace', version: 1, at, pid, node: version, platform: `${platform} ${arch}` };
}

/** The header of a trace file, if its first line is one. */
export function readHeader(line: string): TraceHeader | undefined {
  try {
    const found = JSON.parse(line) as Partial<TraceHeader> | null;
    return found?.kind === 'trace' && found.version === 1 && typeof found.at === 'number'
      ? (found as TraceHeader)
      : undefined;
  } catch {
    return undefined;
  }
}
