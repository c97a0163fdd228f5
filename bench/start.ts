import type { DriverName } from './start/names.ts';
import { FIRST_COMMAND } from './start/command.ts';
import { linesOf, type StartReport, verdicts } from './start/report.ts';
import { ROWS } from './start/rows.ts';
import type { Sample } from './start/subject.ts';
import { SUBJECTS } from './start/subjects.ts';
import { Meter } from './meter.ts';

/** What a benchmark is asked for. */
export interface StartOptions {
  readonly runs: number;
  /** How many of the rounds measure what takes minutes as well. */
  readonly freshRuns: number;
  readonly driver: DriverName;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** How soon a VM answers, in turns with the same by hand, so that whatever else the machine does meets all. Leaves nothing behind. */
export async function benchStart(options: StartOptions): Promise<StartReport> {
  const { runs, freshRuns, driver, signal, say } = options;
  const date = new Date().toISOString().slice(0, 10);
  await using subject = await SUBJECTS[driver](signal, say);
  const meter = new Meter({ signal, say, waitMs: 0 });
  const samples = new Map<string, Sample[]>();
  const left = new Set<string>();
  for (let round = 1; round <= runs; round += 1) {
    say(`round ${round} of ${runs}`);
    const rows = ROWS.filter(({ isSlow }) => !isSlow || round <= freshRuns);
    // The other way round each time, so that none profits from what comes before it.
    for (const { key, label, take } of round % 2 === 0 ? rows.toReversed() : rows) {
      signal.throwIfAborted();
      const sample = await meter.take(label, () => take(subject));
      if (sample) samples.set(key, [...(samples.get(key) ?? []), sample]);
      else left.add(label);
    }
  }
  const lines = linesOf(samples);
  return {
    benchmark: 'start',
    date,
    runs,
    freshRuns,
    firstCommand: FIRST_COMMAND,
    about: { driver, ...subject.about },
    lines,
    aims: verdicts(lines),
    left: [...left],
    others: meter.others,
  };
}
