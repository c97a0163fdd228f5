import type { HostFacts } from '../host.ts';
import { columns } from '../report.ts';
import type { Summary } from '../stats.ts';
import type { Aim } from './aims.ts';
import type { Floor, Row, StartTimes } from './times.ts';

/** What `start` reports. All times are milliseconds. */
export interface StartReport extends StartTimes {
  readonly benchmark: 'start';
  readonly runs: number;
  readonly freshRuns: number;
  readonly host: HostFacts;
  readonly guest: { readonly image: string; readonly cpu: number; readonly memoryMiB: number };
  readonly aims: readonly Aim[];
  /** Share of the processors that others had during each measurement, in the order they were made. */
  readonly others: readonly number[];
}

const ROW_NAMES: Readonly<Record<Row, string>> = {
  upstream: 'upstream’s sequence',
  base: 'from the base image',
  prepared: 'from the prepared image',
  pool: 'from the warm pool',
  fork: 'fork of a template',
  tenForks: 'ten forks at once, each',
};

const FLOOR_NAMES: Readonly<Record<Floor, string>> = {
  banner: 'QEMU to the SSH banner',
  harness: 'node harness.mjs to its first answer',
  fork: 'QEMU from the template to its first answer',
};

/** The report for people. */
export function startTable({
  host,
  guest,
  rows,
  floors,
  allTen,
  aims,
  runs,
  freshRuns,
  others,
}: StartReport): string {
  return [
    `starts: ${guest.image}, ${guest.cpu} processors, ${guest.memoryMiB} MiB; medians of ${runs} (${freshRuns} from the base image), in seconds`,
    `QEMU ${host.qemu} (${host.accelerator}) on ${host.processors} ${host.arch} processors, Node ${host.node}`,
    `others had ${percent(Math.min(...others))} to ${percent(Math.max(...others))} of the processors beside the measurements`,
    '',
    ...columns([
      ['from the call to', 'ready', 'first command', 'p95', 'min – max'],
      ...Object.entries(rows).map(([row, { ready, command, p95 }]) => [
        ROW_NAMES[row as Row],
        seconds(ready.median),
        seconds(command.median),
        seconds(p95),
        `${seconds(command.min)} – ${seconds(command.max)}`,
      ]),
      ['ten forks at once, the last', seconds(allTen.median), '', '', ''],
    ]),
    '',
    ...columns([
      ['by hand', 'median', 'min – max'],
      ...Object.entries<Summary>(floors).map(([floor, { median, min, max }]) => [
        FLOOR_NAMES[floor as Floor],
        seconds(median),
        `${seconds(min)} – ${seconds(max)}`,
      ]),
    ]),
    '',
    ...columns([
      ['aim', 'aimed at', 'measured', ''],
      ...aims.map(({ what, aim, measured, isMet }) => [
        what,
        aim,
        String(measured),
        isMet ? 'met' : 'NOT met',
      ]),
    ]),
  ].join('\n');
}

const seconds = (ms: number): string => (ms / 1000).toFixed(ms < 10_000 ? 3 : 1);

const percent = (share: number): string => `${Math.round(100 * share)} %`;
