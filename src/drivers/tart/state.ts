import { z } from 'zod';
import type { TartCli } from './cli.ts';

const LOOK_TIMEOUT_MS = 30_000;

// Fields come and go between versions: only these are relied on, and `Running` where there is no `State`.
const vm = z.looseObject({ State: z.string().optional(), Running: z.boolean().optional() });
const listed = z.array(vm.extend({ Name: z.string() }));

/** A VM as tart lists it. */
export interface ListedVm {
  readonly name: string;
  readonly running: boolean;
}

/** All local VMs, ours or not. */
export async function listVms(tart: TartCli): Promise<readonly ListedVm[]> {
  const args = ['list', '--source', 'local', '--format', 'json'];
  const { stdout } = await tart.run(args, { timeoutMs: LOOK_TIMEOUT_MS });
  return listed.parse(JSON.parse(stdout)).map((each) => ({ name: each.Name, running: isRunning(each) }));
}

/** Whether a VM runs; false when there is none. */
export async function runs(tart: TartCli, guest: string, signal?: AbortSignal): Promise<boolean> {
  const result = await tart.run(['get', guest, '--format', 'json'], { timeoutMs: LOOK_TIMEOUT_MS, signal });
  return result.exitCode === 0 && isRunning(vm.parse(JSON.parse(result.stdout)));
}

function isRunning(each: z.infer<typeof vm>): boolean {
  return each.State === undefined ? each.Running === true : each.State === 'running';
}
