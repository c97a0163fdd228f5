import type { ColdReport, Comparison } from './compare.ts';
import type { Summary } from './stats.ts';

/** Where a state's work is found in what was done by hand. */
const BY_HAND: readonly {
  readonly label: string;
  readonly states: readonly string[];
  readonly part?: keyof Comparison['floor']['parts'];
}[] = [
  { label: 'cloning', states: ['cloning'], part: 'overlay' },
  { label: 'booting to ssh-connect', states: ['booting', 'ip-polling', 'ssh-connect'], part: 'banner' },
  { label: 'upload', states: ['upload'] },
  { label: 'node-install', states: ['node-install'], part: 'nodeInstall' },
  { label: 'npm-install', states: ['npm-install'], part: 'npmInstall' },
  { label: 'spawn', states: ['spawn'], part: 'harness' },
];

/** The report for people. */
export function table(report: ColdReport): string {
  const { host, guest, runs, freshRuns, others } = report;
  return [
    `cold boots: ${guest.image}, ${guest.cpu} processors, ${guest.memoryMiB} MiB; medians of ${runs} (${freshRuns} without Node and packages), in seconds`,
    `QEMU ${host.qemu} (${host.accelerator}) on ${host.processors} ${host.arch} processors, Node ${host.node}`,
    `others had ${percent(Math.min(...others))} to ${percent(Math.max(...others))} of the processors beside the measurements`,
    '',
    ...section('an image without Node and packages', report.fresh),
    '',
    ...section('an image with Node, packages and harness', report.prepared),
    '',
    `the boot that made that image, once: ${seconds(report.preparing.totalMs)}`,
  ].join('\n');
}

function section(title: string, { boot, floor, overhead }: Comparison): string[] {
  const states = boot.states.map((each) => [
    each.state,
    each.skipped ? 'skipped' : seconds(each.median),
    range(each),
  ]);
  const parts = BY_HAND.map(({ label, states: names, part }) => {
    const boots = boot.states.filter(({ state }) => names.includes(state));
    const took = boots.reduce((total, { median }) => total + median, 0);
    const byHand = part === undefined ? 0 : floor.parts[part].median;
    return [label, seconds(took), seconds(byHand), seconds(took - byHand)];
  });
  return [
    title,
    '',
    ...columns([
      ['state', 'median', 'min – max'],
      ['(before the first)', seconds(boot.before.median), range(boot.before)],
      ...states,
      ['bootHarness()', seconds(boot.total.median), range(boot.total)],
    ]),
    '',
    ...columns([
      ['', 'runtime', 'by hand', 'above'],
      ['(before the first)', seconds(boot.before.median), seconds(0), seconds(boot.before.median)],
      ...parts,
      ['total', seconds(boot.total.median), seconds(floor.total.median), seconds(overhead.ms)],
    ]),
    '',
    `above the floor: ${seconds(overhead.ms)} s, ${overhead.percentOfFloor} %` +
      ` (an SSH login by hand, no part of the floor: ${seconds(floor.login.median)} s)`,
  ];
}

/** The first column to the left, numbers to the right. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, index) =>
        index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

function range({ min, max }: Summary): string {
  return `${seconds(min)} – ${seconds(max)}`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
