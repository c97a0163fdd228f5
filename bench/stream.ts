import { execFile } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { IdleMemory, SlowMemory } from './stream/memory.ts';
import { compare, type StreamReport } from './stream/report.ts';
import type { Throughput, Turn } from './stream/throughput.ts';

/** What the benchmark is asked for. */
export interface StreamOptions {
  readonly runs: number;
  /** Turns to read. All of each must fit into what the harness keeps for replay. */
  readonly turns?: readonly Turn[];
  readonly warmUp?: number;
  readonly idleSessions?: number;
  readonly slowEvents?: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

const CHILD = fileURLToPath(new URL('./stream/child.ts', import.meta.url));
const FLAGS = ['--expose-gc', '--no-flush-bytecode', '--conditions=source'];
const TURNS: readonly Turn[] = [
  { events: 50_000, bytes: 100 },
  { events: 5_000, bytes: 2_000 },
];

/** Reads long turns of the real harness, with the SDK and without. */
export async function benchStream(options: StreamOptions): Promise<StreamReport> {
  const { runs, turns = TURNS, idleSessions = 1_000, slowEvents = 100_000 } = options;
  const streams = [];
  for (const turn of turns) streams.push(compare(...(await bothWays(turn, options))));
  options.say(`${idleSessions} idle sessions`);
  const idle = await measure<IdleMemory>(['idle', idleSessions], options);
  options.say(`${slowEvents} events with a slow reader`);
  const slow = await measure<SlowMemory>(['slow', slowEvents], options);
  return {
    benchmark: 'stream',
    runs,
    host: {
      processors: availableParallelism(),
      model: cpus()[0]?.model ?? 'unknown',
      node: process.versions.node,
    },
    streams,
    idle,
    slow,
  };
}

async function bothWays(turn: Turn, options: StreamOptions): Promise<[Throughput[], Throughput[]]> {
  const { warmUp = 3 } = options;
  const [sdk, floor]: [Throughput[], Throughput[]] = [[], []];
  for (let round = 1; round <= options.runs; round += 1) {
    options.say(`${turn.events} events of ${turn.bytes} bytes and more, round ${round} of ${options.runs}`);
    const size = [turn.events, turn.bytes, warmUp];
    sdk.push(await measure<Throughput>(['sdk', ...size], options));
    floor.push(await measure<Throughput>(['floor', ...size], options));
  }
  return [sdk, floor];
}

async function measure<T>(args: readonly (string | number)[], { signal }: StreamOptions): Promise<T> {
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, CHILD, ...args.map(String)], {
    signal,
  });
  return JSON.parse(stdout) as T;
}
