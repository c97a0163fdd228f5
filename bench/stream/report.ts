import { columns } from '../report.ts';
import { median } from '../stats.ts';
import type { IdleMemory, SlowMemory } from './memory.ts';
import type { Throughput } from './throughput.ts';

/** One way to read a turn: medians over the runs. */
export interface Rate {
  readonly eventsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly readerCpuUsPerEvent: number;
  readonly serverCpuUsPerEvent: number;
}

/** A turn read by the SDK, and by somebody who only takes its bytes. */
export interface StreamFigures {
  readonly events: number;
  /** Of one event on the wire. */
  readonly bytesPerEvent: number;
  readonly sdk: Rate;
  readonly floor: Rate;
  /** Events per second of the SDK, as a share of the floor's. */
  readonly shareOfFloor: number;
}

/** What the benchmark comes to. */
export interface StreamReport {
  readonly benchmark: 'stream';
  readonly runs: number;
  readonly host: { readonly processors: number; readonly model: string; readonly node: string };
  readonly streams: readonly StreamFigures[];
  readonly idle: IdleMemory;
  readonly slow: SlowMemory;
}

/** The figures of both ways to read one turn. */
export function compare(sdk: readonly Throughput[], floor: readonly Throughput[]): StreamFigures {
  // Only who takes the bytes has counted them; they are the same.
  const bytes = median(floor.map((each) => each.bytes));
  const events = median(floor.map((each) => each.events));
  const [ours, theirs] = [rateOf(sdk, bytes), rateOf(floor, bytes)];
  return {
    events,
    bytesPerEvent: Math.round(bytes / events),
    sdk: ours,
    floor: theirs,
    shareOfFloor: Math.round((1000 * ours.eventsPerSecond) / theirs.eventsPerSecond) / 1000,
  };
}

function rateOf(samples: readonly Throughput[], bytes: number): Rate {
  const per = (of: (sample: Throughput) => number) => Math.round(median(samples.map(of)) * 100) / 100;
  return {
    eventsPerSecond: Math.round(per(({ events, ms }) => (1000 * events) / ms)),
    bytesPerSecond: Math.round(per(({ ms }) => (1000 * bytes) / ms)),
    readerCpuUsPerEvent: per(({ readerCpuMs, events }) => (1000 * readerCpuMs) / events),
    serverCpuUsPerEvent: per(({ serverCpuMs, events }) => (1000 * serverCpuMs) / events),
  };
}

/** The report for people. */
export function streamTable({ runs, host, streams, idle, slow }: StreamReport): string {
  return [
    `streams of events, from the engine to the caller's loop; medians of ${runs}`,
    `${host.processors} processors (${host.model}), Node ${host.node}`,
    ...streams.flatMap(streamSection),
    '',
    `${idle.sessions} idle sessions, each: ${kib(idle.serverBytesPerSession)} KiB in the harness, ${kib(idle.readerBytesPerSession)} KiB in the caller`,
    `a turn of ${slow.events} events with a slow reader, at most: ${mib(slow.readerPeakBytes)} MiB in the caller ` +
      `(${mib(slow.readerPeakBytesUnkept)} MiB with keepEvents: false), ${mib(slow.serverPeakBytes)} MiB in the harness; ` +
      `${slow.dropped} events dropped`,
  ].join('\n');
}

function streamSection({ events, bytesPerEvent, sdk, floor, shareOfFloor }: StreamFigures): string[] {
  const row = (name: string, of: (rate: Rate) => string) => [name, of(sdk), of(floor)];
  return [
    '',
    `${events} events of ${bytesPerEvent} bytes; ${Math.round(100 * shareOfFloor)} % of the floor`,
    ...columns([
      ['', 'SDK', 'floor'],
      row('events/s', ({ eventsPerSecond }) => String(eventsPerSecond)),
      row('MiB/s', ({ bytesPerSecond }) => mib(bytesPerSecond)),
      row('µs of CPU per event, reader', ({ readerCpuUsPerEvent }) => readerCpuUsPerEvent.toFixed(2)),
      row('µs of CPU per event, harness', ({ serverCpuUsPerEvent }) => serverCpuUsPerEvent.toFixed(2)),
    ]),
  ];
}

const kib = (bytes: number): string => (bytes / 1024).toFixed(1);
const mib = (bytes: number): string => (bytes / (1024 * 1024)).toFixed(1);
