// Measures what the runtime adds to what a guest needs anyway. `npm run bench -- cold|fleet|inspect|start|stream [--json]`
import { messageOf } from '../src/errors.ts';
import { parseCommand, USAGE, UsageError, type Command } from './args.ts';
import { benchCold } from './cold.ts';
import { benchFleet } from './fleet.ts';
import { fleetTable } from './fleet/report.ts';
import { table } from './report.ts';
import { benchStart } from './start.ts';
import { startTable } from './start/report.ts';
import { benchInspect } from './inspect.ts';
import { inspectTable } from './inspect/report.ts';
import { benchStream } from './stream.ts';
import { streamTable } from './stream/report.ts';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    say(`${signal}: removing what the benchmark started`);
    interrupted.abort(new Error(signal));
  });
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    return await measure(parseCommand(args));
  } catch (error) {
    if (error instanceof UsageError) {
      say(`${error.message}\n\n${USAGE}`);
      return 64;
    }
    say(interrupted.signal.aborted ? 'cancelled; nothing was left behind' : `failed: ${messageOf(error)}`);
    return interrupted.signal.aborted ? 130 : 1;
  }
}

async function measure(command: Command): Promise<number> {
  if (command.name === 'help') {
    console.log(USAGE);
    return 0;
  }
  if (command.name === 'fleet') {
    const report = await benchFleet({ runs: command.runs, signal: interrupted.signal, say });
    console.log(command.json ? JSON.stringify(report) : fleetTable(report));
    return 0;
  }
  if (command.name === 'inspect') {
    const report = await benchInspect({ runs: command.runs, signal: interrupted.signal, say });
    console.log(command.json ? JSON.stringify(report) : inspectTable(report));
    return 0;
  }
  if (command.name === 'stream') {
    const report = await benchStream({ runs: command.runs, signal: interrupted.signal, say });
    console.log(command.json ? JSON.stringify(report) : streamTable(report));
    return 0;
  }
  if (command.name === 'start') {
    const report = await benchStart({ ...command, signal: interrupted.signal, say });
    console.log(command.json ? JSON.stringify(report) : startTable(report));
    return 0;
  }
  const { runs, freshRuns, waitMs } = command;
  const report = await benchCold({ runs, freshRuns, waitMs, signal: interrupted.signal, say });
  console.log(command.json ? JSON.stringify(report) : table(report));
  return 0;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
