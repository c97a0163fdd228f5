// Boots and ends VMs on the stand-in for `tart`, one after the other, and looks whether anything grows; and lets VMs use up
// the addresses of the host: `npm run soak -- [--json] [--cycles N] [--lease-cycles N] [--leases-taken N]`.
import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { leftOf } from '../leftovers.ts';
import { abandon } from '../abandon.ts';
import { prepareGround, type RunPlace } from '../place.ts';
import { runCycles } from './cycles.ts';
import { runLeases } from './leases.ts';
import { isClean, type SoakReport, soakTable } from './report.ts';
import { trendsOf } from './trend.ts';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => interrupted.abort());

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '200' },
    'lease-cycles': { type: 'string', default: '300' },
    'leases-taken': { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});
const { signal } = interrupted;
const say = (line: string): void => void process.stderr.write(`${line}\n`);

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const report = await soak();
    process.stdout.write(`${values.json ? JSON.stringify(report) : soakTable(report)}\n`);
    return isClean(report) ? 0 : 1;
  } catch (error) {
    if (!signal.aborted) throw error;
    say('interrupted: what was under way is ended and removed');
    return 130;
  }
}

async function soak(): Promise<SoakReport> {
  const cycles = Number(values.cycles);
  const counts = { cycles: Number(values['lease-cycles']), taken: Number(values['leases-taken']) };
  const leases = await runLeases({ ...counts, signal, say });
  await using ground = await prepareGround('standin', say, signal);
  const place = await ground.newRun(0);
  Object.assign(process.env, place.env);
  const startedAt = performance.now();
  const samples = await inGroup(place, () => runCycles({ place, cycles, signal, say }));
  const seconds = (performance.now() - startedAt) / 1000;
  const left = await leftOf(place);
  const last = (await place.group?.remove()) ?? [];
  // What is left is evidence.
  if (left.length === 0) await rm(place.root, { recursive: true, maxRetries: 20, retryDelay: 100 });
  return {
    cycles,
    seconds,
    trends: trendsOf(samples),
    left: [...left, ...last.map((pid) => `process ${pid}`)],
    leases,
  };
}

async function inGroup<T>(place: RunPlace, work: () => Promise<T>): Promise<T> {
  await place.group?.enter();
  try {
    return await work();
  } catch (error) {
    await place.group?.leave();
    await abandon(place);
    throw error;
  } finally {
    await place.group?.leave();
  }
}
