import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { abandon, removePlace } from './abandon.ts';
import { type Cell, type ChaosDriver, FROM_OUTSIDE, type State } from './cells.ts';
import { leftOf } from './leftovers.ts';
import { deaf, follow } from './follow.ts';
import type { OwnerPlan } from './owner-plan.ts';
import type { RunPlace } from './place.ts';
import { type FakeSide, startFakeSide } from './fake/guest.ts';
import { selfInflicted } from './strike.ts';

const OWNER = fileURLToPath(new URL('owner.ts', import.meta.url));
const CLI = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const CLEAN_MS = 60_000;
/** For a program that is told to end: it may be standing still. */
const END_MS = 5_000;
const LOOK_MS = 50;
const FLAGS = ['--conditions=source', '--no-warnings'];

/** What one run has shown. */
export interface CellResult extends Cell {
  readonly run: number;
  /** What was struck; undefined when it was gone before. */
  readonly struck: string | undefined;
  /** How the owner saw it end. */
  readonly outcome: string;
  /** From the owner's end until nothing was left, in seconds. */
  readonly secondsToClean: number;
  /** What was left after a minute. */
  readonly left: readonly string[];
}

/** These states are there only where nothing was prepared. */
const FROM_SCRATCH: readonly State[] = ['upload', 'node-install', 'npm-install'];

/**
 * Provokes one fault in one state, and waits until nothing is left. Rejects when it is interrupted; of a run that was not
 * watched to its end nothing stays.
 */
export async function runCell(
  cell: Cell,
  driver: ChaosDriver,
  place: RunPlace,
  run: number,
  signal: AbortSignal,
): Promise<CellResult> {
  try {
    return await watchedCell(cell, driver, place, run, signal);
  } catch (error) {
    await abandon(place);
    throw error;
  }
}

function planFor(cell: Cell, driver: ChaosDriver, place: RunPlace, fake: FakeSide | undefined): OwnerPlan {
  const { stateDir, cacheDir } = place;
  const self = selfInflicted(cell.victim, driver) ?? null;
  const prepare = fake || FROM_SCRATCH.includes(cell.state) ? 'never' : 'auto';
  return {
    options: {
      driver: driver === 'standin' ? 'tart' : driver,
      stateDir,
      cacheDir,
      memoryMiB: 1024,
      prepare,
    },
    ...(fake ? { fake: fake.place } : {}),
    state: cell.state,
    patience: driver === 'qemu' ? 8 : 1,
    self,
    standsStill: self === null && FROM_OUTSIDE.includes(cell.victim),
  };
}

async function watchedCell(
  cell: Cell,
  driver: ChaosDriver,
  place: RunPlace,
  run: number,
  signal: AbortSignal,
): Promise<CellResult> {
  await using fake = driver === 'fake' ? await startFakeSide() : undefined;
  const plan = planFor(cell, driver, place, fake);
  const command = [process.execPath, ...FLAGS, OWNER, JSON.stringify(plan)];
  const [program = '', ...args] = place.group?.wrap(command) ?? command;
  // The end of a VM is to be met, too.
  if (driver === 'standin' && plan.standsStill && cell.state === 'disposing')
    await writeFile(deaf(place), '');
  const owner = spawn(program, args, { env: place.env, stdio: ['pipe', 'pipe', 'ignore'] });
  const seen = await endingWith(signal, owner, () => follow(owner, { cell, place, plan, fake }));
  const endedAt = Date.now();
  if (cell.victim === 'owner-and-reaper-kill') await sweepUp(place, signal);
  const left = [...seen.kept, ...(await untilClean(place, endedAt + CLEAN_MS, signal))];
  const secondsToClean = (Date.now() - endedAt) / 1000;
  // What is left is evidence.
  if (left.length === 0) await removePlace(place);
  const { struck, outcome } = seen;
  return { ...cell, run, struck, outcome, secondsToClean, left };
}

/** Whoever interrupts waits for no program's end. */
async function endingWith<T>(signal: AbortSignal, owner: ChildProcess, work: () => Promise<T>): Promise<T> {
  let late: NodeJS.Timeout | undefined;
  const end = () => {
    owner.kill('SIGTERM');
    late = setTimeout(() => owner.kill('SIGKILL'), END_MS);
  };
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  try {
    const done = await work();
    signal.throwIfAborted();
    return done;
  } finally {
    signal.removeEventListener('abort', end);
    clearTimeout(late);
  }
}

/** The next program of this user finds what nobody could clean up. */
async function sweepUp({ env, group }: RunPlace, signal: AbortSignal): Promise<void> {
  const command = [process.execPath, ...FLAGS, CLI, 'gc'];
  const [program = '', ...args] = group?.wrap(command) ?? command;
  const gc = spawn(program, args, { env, stdio: 'ignore', signal });
  await once(gc, 'exit');
}

async function untilClean(
  place: RunPlace,
  deadline: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  for (;;) {
    const left = await leftOf(place);
    if (left.length === 0 || Date.now() > deadline) return left;
    await sleep(LOOK_MS, undefined, { signal });
  }
}
