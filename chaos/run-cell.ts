import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Cell, type ChaosDriver, FROM_OUTSIDE, type State } from './cells.ts';
import { unmountDisk } from './disk.ts';
import { leftOf } from './leftovers.ts';
import { type OwnerPlan, STRUCK } from './owner-plan.ts';
import type { RunPlace } from './place.ts';
import { SELF, strike } from './strike.ts';

const OWNER = fileURLToPath(new URL('owner.ts', import.meta.url));
const CLI = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
/** Longer than any deadline of the owner's. */
const OWNER_MS = 600_000;
const CLEAN_MS = 60_000;
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

/** Provokes one fault in one state, and waits until nothing is left. */
export async function runCell(
  cell: Cell,
  driver: ChaosDriver,
  place: RunPlace,
  run: number,
  signal: AbortSignal,
): Promise<CellResult> {
  const plan: OwnerPlan = {
    options: {
      driver: driver === 'standin' ? 'tart' : 'qemu',
      stateDir: place.stateDir,
      cacheDir: place.cacheDir,
      memoryMiB: 1024,
      prepare: FROM_SCRATCH.includes(cell.state) ? 'never' : 'auto',
    },
    state: cell.state,
    patience: driver === 'qemu' ? 8 : 1,
    self: SELF[cell.victim] ?? null,
    standsStill: FROM_OUTSIDE.includes(cell.victim),
  };
  const command = [process.execPath, ...FLAGS, OWNER, JSON.stringify(plan)];
  const [program = '', ...args] = place.group?.wrap(command) ?? command;
  // The end of a VM is to be met, too.
  if (driver === 'standin' && plan.standsStill && cell.state === 'disposing')
    await writeFile(deaf(place), '');
  const owner = spawn(program, args, {
    env: place.env,
    stdio: ['pipe', 'pipe', 'ignore'],
    signal,
    killSignal: 'SIGTERM',
  });
  const seen = await follow(owner, cell, place);
  const endedAt = Date.now();
  if (cell.victim === 'owner-and-reaper-kill') await sweepUp(place, signal);
  const left = await untilClean(place, endedAt + CLEAN_MS);
  const secondsToClean = (Date.now() - endedAt) / 1000;
  // What is left is evidence.
  if (left.length === 0) await removePlace(cell, place);
  return { ...cell, run, ...seen, secondsToClean, left };
}

/** The stand-in's network may write down something yet: it ends when it cannot. */
async function removePlace({ victim }: Cell, place: RunPlace): Promise<void> {
  if (victim === 'host-disk-full') unmountDisk(place);
  await rm(place.root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

async function follow(owner: ChildProcessByStdio<Writable, Readable, null>, cell: Cell, place: RunPlace) {
  const exit = once(owner, 'exit') as Promise<[number | null, string | null]>;
  const deadline = setTimeout(() => owner.kill('SIGKILL'), OWNER_MS);
  let outcome = '';
  let struck: string | undefined;
  owner.stdin.on('error', () => undefined); // It may be gone already.
  for await (const line of createInterface(owner.stdout)) {
    const said = JSON.parse(line) as {
      entered?: string;
      vm?: string;
      error?: string;
      left?: string;
      over?: boolean;
    };
    if (said.error !== undefined || said.left !== undefined) outcome ||= said.error ?? `left: ${said.left}`;
    if (said.entered === undefined || said.vm === undefined || struck !== undefined) continue;
    const self = SELF[cell.victim];
    struck =
      self ?? (await strike(cell.victim, { place, owner: owner.pid ?? 0, vm: said.vm })) ?? 'gone before';
    if (FROM_OUTSIDE.includes(cell.victim)) owner.stdin.write(STRUCK);
    await rm(deaf(place), { force: true });
    // While the VM is healthy nothing else would end it, unless the fault does.
    owner.stdin.end('go on\n');
  }
  const [code, name] = await exit;
  clearTimeout(deadline);
  return { struck, outcome: outcome || (name ?? `exit ${code}`) };
}

/** A fault of the stand-in's: the guest does not hear that it is to end. */
const deaf = ({ tartHome }: RunPlace): string => join(tartHome, 'faults', 'deaf');

/** The next program of this user finds what nobody could clean up. */
async function sweepUp({ env, group }: RunPlace, signal: AbortSignal): Promise<void> {
  const command = [process.execPath, ...FLAGS, CLI, 'gc'];
  const [program = '', ...args] = group?.wrap(command) ?? command;
  const gc = spawn(program, args, { env, stdio: 'ignore', signal });
  await once(gc, 'exit');
}

async function untilClean(place: RunPlace, deadline: number): Promise<readonly string[]> {
  for (;;) {
    const left = await leftOf(place);
    if (left.length === 0 || Date.now() > deadline) return left;
    await sleep(LOOK_MS);
  }
}
