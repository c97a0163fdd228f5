import { parseArgs } from 'node:util';
import { DRIVERS, type DriverName } from './start/names.ts';

export const USAGE = `usage: npm run bench -- cold [--json] [--runs N] [--fresh-runs N] [--wait SECONDS]
       npm run bench -- fleet [--json] [--runs N]
       npm run bench -- start [--json] [--runs N] [--fresh-runs N] [--driver NAME]
       npm run bench -- inspect [--json] [--runs N]
       npm run bench -- stream [--json] [--runs N]

  cold            measures cold boots against the same boots made by hand
  fleet           measures what 10,000 simulated VMs cost their host process; boots none
  start           measures how soon a VM answers its first command: booted, forked, from a pool, and by hand
  inspect         measures what the inspector adds to 1,000 simulated VMs, with nobody and with somebody looking, and what a trace adds
  stream          measures how fast a turn's events reach the caller's loop, and what they cost; boots no VM
  --json          ends with one line of JSON instead of a table
  --runs N        how often each is measured: 1 to 99 (3)
  --fresh-runs N  how often of these the image without Node and packages is measured, which takes minutes (cold: all, start: 1)
  --driver NAME   what start boots: qemu, or fake, which is no VM (qemu)
  --wait SECONDS  before each measurement, waits up to this long for the machine to be at rest (0)
  --help          prints this`;

/** What the command line asks for. */
export type Command =
  | { readonly name: 'help' }
  | { readonly name: 'fleet'; readonly json: boolean; readonly runs: number }
  | { readonly name: 'inspect'; readonly json: boolean; readonly runs: number }
  | { readonly name: 'stream'; readonly json: boolean; readonly runs: number }
  | {
      readonly name: 'start';
      readonly json: boolean;
      readonly runs: number;
      readonly freshRuns: number;
      readonly driver: DriverName;
    }
  | {
      readonly name: 'cold';
      readonly json: boolean;
      readonly runs: number;
      readonly freshRuns: number;
      readonly waitMs: number;
    };

/** A command line that cannot be understood. */
export class UsageError extends Error {}

/**
 * Reads the command line.
 * @throws UsageError
 */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parsed(args);
  if (values.help) return { name: 'help' };
  const [name, ...rest] = positionals;
  if (!isBenchmark(name) || rest.length > 0) {
    throw new UsageError(
      name === undefined ? 'what is to be measured?' : `unknown benchmark: ${positionals.join(' ')}`,
    );
  }
  const { json } = values;
  const runs = whole('--runs', values.runs, 1, 99);
  if (values.driver !== undefined && name !== 'start') throw new UsageError('--driver is for start');
  const waitMs = 1000 * whole('--wait', values.wait, 0, 3600);
  const freshRuns = whole(
    '--fresh-runs',
    values['fresh-runs'] ?? (name === 'start' ? '1' : values.runs),
    1,
    runs,
  );
  if (name === 'cold') return { name, json, runs, freshRuns, waitMs };
  if (waitMs > 0) throw new UsageError('--wait is for cold');
  if (name === 'start') return { name, json, runs, freshRuns, driver: driverOf(values.driver ?? 'qemu') };
  return { name, json, runs };
}

const NAMES = ['cold', 'fleet', 'inspect', 'start', 'stream'] as const;

const isBenchmark = (name: string | undefined): name is (typeof NAMES)[number] =>
  NAMES.some((each) => each === name);

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        runs: { type: 'string', default: '3' },
        'fresh-runs': { type: 'string' },
        wait: { type: 'string', default: '0' },
        driver: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function driverOf(text: string): DriverName {
  const found = DRIVERS.find((each) => each === text);
  if (found) return found;
  throw new UsageError(`--driver must be one of ${DRIVERS.join(', ')}, got "${text}"`);
}

function whole(option: string, text: string, least: number, most: number): number {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${option} must be a whole number from ${least} to ${most}, got "${text}"`);
}
