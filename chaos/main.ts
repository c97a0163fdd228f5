// Provokes each fault in each state of a VM's life, and counts what is left: `npm run chaos -- [--json]
// [--driver standin|qemu|fake] [--runs N] [--only STATE:FAULT] [--jobs N]`. Any leak is a failure; its folders are kept.
import { parseArgs } from 'node:util';
import { type Cell, cellsOf, type ChaosDriver, DRIVERS, missingCells, nameOf } from './cells.ts';
import { prepareGround, type RunPlace } from './place.ts';
import { chaosTable, reportOf } from './report.ts';
import { type CellResult, runCell } from './run-cell.ts';

const interrupted = new AbortController();
let isAborted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    isAborted = true;
    interrupted.abort();
  });

const { values } = parseArgs({
  options: {
    driver: { type: 'string', default: 'standin' },
    runs: { type: 'string' },
    only: { type: 'string', multiple: true },
    jobs: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const driver = DRIVERS.find((name) => name === values.driver);
if (!driver) {
  say(`there is no driver ${values.driver}: ${DRIVERS.join(', ')}`);
  process.exit(64);
}
process.exitCode = await main(driver);

async function main(of: ChaosDriver): Promise<number> {
  const wanted = values.only;
  const cells = cellsOf(of).filter((cell) => !wanted || wanted.includes(nameOf(cell)));
  if (cells.length === 0) throw new Error(`no such cell: ${wanted?.join(', ')}`);
  const runs = Number(values.runs ?? cells.length);
  const plan = Array.from({ length: runs }, (_, index) => cells[index % cells.length] as Cell);
  const results = await runAll(of, plan).catch((error: unknown) => {
    if (isAborted) return undefined;
    throw error;
  });
  if (!results) {
    say('interrupted: what was under way is ended and removed');
    return 130;
  }
  const report = reportOf(of, results, missingCells(of));
  process.stdout.write(`${values.json ? JSON.stringify(report) : chaosTable(report)}\n`);
  return report.leaked > 0 || results.length < runs ? 1 : 0;
}

async function runAll(of: ChaosDriver, plan: readonly Cell[]): Promise<readonly CellResult[]> {
  await using ground = await prepareGround(of, say, interrupted.signal);
  const results: Promise<CellResult>[] = [];
  const rest = [...plan.entries()];
  const work = async () => {
    for (let next = rest.shift(); next && !interrupted.signal.aborted; next = rest.shift()) {
      const [number, cell] = next;
      const place = await ground.newRun(number, { hasOwnDisk: cell.victim === 'host-disk-full' });
      const result = await runCell(cell, of, place, number, interrupted.signal);
      results.push(withLast(result, place));
      say(`${results.length}/${plan.length} ${lineOf(result)}`);
    }
  };
  // Whichever fails first: the others end before what they stand on goes.
  const ends = await Promise.allSettled(Array.from({ length: Number(values.jobs) }, stopping(work)));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
  return Promise.all(results);
}

function stopping(work: () => Promise<void>): () => Promise<void> {
  return () =>
    work().catch((error: unknown) => {
      interrupted.abort(error);
      throw error;
    });
}

/** What may go on for a moment, as the stand-in's network does, must end too. Nobody waits for that before the next run. */
async function withLast(result: CellResult, { group }: RunPlace): Promise<CellResult> {
  const pids = (await group?.remove()) ?? [];
  return { ...result, left: [...result.left, ...pids.map((pid) => `process ${pid}, 10 s later`)] };
}

function lineOf({ left, struck, outcome, secondsToClean, ...cell }: CellResult): string {
  const end = left.length === 0 ? 'clean' : `LEFT: ${left.join('; ')}`;
  return `${nameOf(cell)}: ${struck ?? 'state not met'}, ${outcome}, ${end} after ${secondsToClean.toFixed(2)} s`;
}
