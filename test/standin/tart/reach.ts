import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execInGuest } from '../guest/index.ts';
import { Failure, notRunning, usage } from './failure.ts';
import { fault } from './faults.ts';
import { demand, lockOf, pathOf } from './home.ts';
import { findLease, noAddress } from './leases.ts';
import { holderOf } from './lock.ts';

const LOOK_MS = 1_000;
const AGENT_RETRY_MS = 200;

/** `tart ip`: reads the lease table, whether the VM runs or not; failing takes a second at least. */
export async function ip(args: string[]): Promise<void> {
  const options = { wait: { type: 'string' }, resolver: { type: 'string' } } as const;
  const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
  const [name] = positionals;
  if (name === undefined) throw usage('ip', "Missing expected argument '<name>'");
  const { macAddress } = await demand(name);
  const deadline = Date.now() + Number(values.wait ?? 0) * 1000;
  do {
    const mode = await fault('ip');
    if (mode === 'empty') return; // Exit 0, and nothing said: it was seen.
    const found = mode ?? (await findLease(macAddress));
    if (found !== undefined) return void process.stdout.write(`${found}\n`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  } while (Date.now() < deadline);
  throw noAddress((await holderOf(lockOf(name))) !== undefined);
}

/** `tart exec`: options only before the name; all after it is the command. */
export async function exec(args: string[]): Promise<number> {
  const [hasInput, wantsTerminal, rest] = optionsOf(args);
  const [name, ...argv] = rest;
  if (name === undefined || argv.length === 0)
    throw usage('exec', "Missing expected argument '<command> ...'");
  if (wantsTerminal && !process.stdout.isTTY) process.kill(process.pid, 'SIGTRAP');
  await demand(name);
  if ((await holderOf(lockOf(name))) === undefined) throw notRunning(name);
  const pid = await agentOf(name);
  const ended = await execInGuest(pid, argv, hasInput);
  if (typeof ended === 'string') return 255;
  if (ended === 127) throw new Failure(`Error: internalError("executable file not found in $PATH")`);
  return ended;
}

function optionsOf(args: string[]): [boolean, boolean, string[]] {
  let [hasInput, wantsTerminal] = [false, false];
  for (const [index, each] of args.entries()) {
    if (each === '-i' || each === '-it') hasInput = true;
    if (each === '-t' || each === '-it') wantsTerminal = true;
    else if (each === '--') return [hasInput, wantsTerminal, args.slice(index + 1)];
    else if (!each.startsWith('-')) return [hasInput, wantsTerminal, args.slice(index)];
    else if (!['-i', '-t', '-it'].includes(each)) throw usage('exec', `Unknown option '${each}'`);
  }
  return [hasInput, wantsTerminal, []];
}

/** The agent may come up late, and there are images without one. */
async function agentOf(name: string): Promise<number> {
  const file = join(pathOf(name), 'control.sock');
  const deadline = Date.now() + Number((await fault('agent-patience-ms')) ?? 10_000);
  while ((await fault('no-agent')) !== undefined || !existsSync(file)) {
    if (Date.now() >= deadline)
      throw new Failure(
        'Failed to connect to the VM using its control socket: connection refused, is the Tart Guest Agent running?',
      );
    await new Promise((resolve) => setTimeout(resolve, AGENT_RETRY_MS));
  }
  return Number(await readFile(file, 'utf8'));
}
