import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { VzvmError } from '@computeragent/runtime-vzvm';
import { giveLease } from '../../test/standin/tart/leases.ts';
import { running } from '../../test/helpers/tart/guest.ts';
import { startTartBench, type TartBench } from '../../test/helpers/tart/index.ts';

const ADDRESS_MS = 20_000;
const POLL_MS = 20;

/** What became of VMs that each took an address for a day. */
export interface LeaseReport {
  readonly cycles: number;
  /** VMs that got an address. */
  readonly served: number;
  /** VMs that were told that there is none, and what to do. */
  readonly explained: number;
  /** How often that was done. */
  readonly freed: number;
  /** VMs that got neither an address nor a reason. */
  readonly unexplained: readonly string[];
  /** What was left of VMs in the end. */
  readonly left: readonly string[];
}

export interface LeasesOptions {
  readonly cycles: number;
  /** Addresses that are taken when it begins. */
  readonly taken: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Starts and ends VMs, each with a hardware address of its own, until the DHCP server has none left, and on. */
export async function runLeases({ cycles, taken, signal, say }: LeasesOptions): Promise<LeaseReport> {
  await using bench = await startTartBench();
  const leaseFile = join(bench.home, 'dhcpd_leases');
  const driver = bench.another({ host: { leaseFile } });
  for (let number = 0; number < taken; number++) await giveLease(macOf(number), '127.0.0', leaseFile);
  const report = { cycles: 0, served: 0, explained: 0, freed: 0, unexplained: [] as string[] };
  while (report.cycles < cycles && !signal.aborted) {
    const outcome = await oneCycle({ ...bench, driver }, signal);
    report.cycles++;
    if (outcome === undefined) report.served++;
    else if (outcome.code === 'LIMIT_REACHED' && outcome.hint?.includes('DHCPLeaseTimeSecs')) {
      report.explained++;
      say(`${report.cycles}/${cycles}: ${outcome.message}`);
      // What the hint says: with no VM running, the table goes.
      await rm(leaseFile);
      report.freed++;
    } else report.unexplained.push(`${outcome.code}: ${outcome.message}`);
  }
  const left = (await driver.list()).map(({ name }) => name);
  return { ...report, left };
}

/** Answers why there was no address. */
async function oneCycle(
  { driver }: Pick<TartBench, 'driver'>,
  signal: AbortSignal,
): Promise<VzvmError | undefined> {
  const { guest } = await running(driver);
  try {
    const deadline = Date.now() + ADDRESS_MS;
    while (Date.now() < deadline) {
      if (await driver.address(guest, signal)) return undefined;
      await sleep(POLL_MS, undefined, { signal });
    }
    return new VzvmError('STEP_TIMEOUT', `${guest} got no address`);
  } catch (error) {
    if (error instanceof VzvmError) return error;
    throw error;
  } finally {
    await driver.stop(guest, 0);
    await driver.delete(guest);
  }
}

const macOf = (number: number): string => `52:00:00:00:00:${number.toString(16).padStart(2, '0')}`;
