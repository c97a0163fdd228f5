import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Cell } from './cells.ts';
import type { FakeSide } from './fake/guest.ts';
import { type OwnerPlan, STRUCK } from './owner-plan.ts';
import type { RunPlace } from './place.ts';
import { strike } from './strike.ts';

/** Longer than any deadline of the owner's. */
const OWNER_MS = 600_000;

/** What is done to whom. */
export interface Blow {
  readonly cell: Cell;
  readonly place: RunPlace;
  readonly plan: OwnerPlan;
  readonly fake: FakeSide | undefined;
}

/** Reads what a program says that owns a VM, strikes when it is where it is to be struck, and waits for its end. */
export async function follow(
  owner: ChildProcessByStdio<Writable, Readable, null>,
  { cell, place, plan, fake }: Blow,
) {
  const exit = once(owner, 'exit') as Promise<[number | null, string | null]>;
  const deadline = setTimeout(() => owner.kill('SIGKILL'), OWNER_MS);
  let outcome = '';
  const kept: string[] = [];
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
    if (said.left !== undefined) kept.push(said.left);
    if (said.entered === undefined || said.vm === undefined || struck !== undefined) continue;
    const target = { place, owner: owner.pid ?? 0, vm: said.vm, fake };
    struck = plan.self ?? (await strike(cell.victim, target)) ?? 'gone before';
    if (plan.standsStill) owner.stdin.write(STRUCK);
    await rm(deaf(place), { force: true });
    // While the VM is healthy nothing else would end it, unless the fault does.
    owner.stdin.end('go on\n');
  }
  const [code, name] = await exit;
  clearTimeout(deadline);
  return { struck, kept, outcome: outcome || (name ?? `exit ${code}`) };
}

/** A fault of the stand-in's: the guest does not hear that it is to end. */
export const deaf = ({ tartHome }: RunPlace): string => join(tartHome, 'faults', 'deaf');
