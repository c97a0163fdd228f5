/**
 * A program that owns a VM: boots one, uses it, ends it, and says on standard output what it does. In the state that it is
 * told of it ends itself where that is the fault; else it says so, and whoever has started it strikes. While the VM is
 * healthy it waits for a line.
 */
import { once } from 'node:events';
import { readSync } from 'node:fs';
import { VZVMSubstrate, VzvmError } from '@computeragent/runtime-vzvm';
import type { VmHandle } from '@computeragent/runtime-vzvm';
import { fakeDriver } from './fake/driver.ts';
import { type OwnerPlan, type SelfInflicted, STRUCK } from './owner-plan.ts';

/** Each is more than its step takes, and less than anybody wants to wait for five hundred times. */
const TIMEOUTS = {
  cloning: 30_000,
  booting: 20_000,
  'ip-polling': 30_000,
  'ssh-connect': 30_000,
  upload: 15_000,
  'node-install': 30_000,
  'npm-install': 60_000,
  spawn: 30_000,
  healthy: 5_000,
};

const plan = JSON.parse(process.argv[2] ?? '') as OwnerPlan;
const timeouts = Object.fromEntries(Object.entries(TIMEOUTS).map(([step, ms]) => [step, ms * plan.patience]));
const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);

const fake = plan.fake && fakeDriver(plan.fake);
const substrate = new VZVMSubstrate({
  ...plan.options,
  ...fake?.options,
  driver: fake ? fake.driver : (plan.options.driver as 'tart' | 'qemu'),
  fork: 'never',
  timeouts,
  onVm: follow,
});
const cancelled = new AbortController();
let disposing: Promise<void> | undefined;
const failed = Promise.withResolvers<void>();

function follow(vm: VmHandle): void {
  vm.on((event) => {
    if (event.type === 'failed') failed.resolve();
    if (event.type === 'step' && event.phase === 'start' && event.step === plan.state) entered(vm);
  });
  // The first state was entered before anybody could be told.
  if (plan.state === 'cloning') entered(vm);
}

function entered(vm: VmHandle): void {
  say({ entered: plan.state, vm: vm.name });
  if (plan.self !== null) inflict(plan.self, vm.name);
  if (plan.standsStill) readSync(0, Buffer.alloc(STRUCK.length));
}

function inflict(what: SelfInflicted, guest: string): void {
  if (what === 'exit') process.exit(3);
  if (what === 'cancel') cancelled.abort();
  else if (what === 'dispose') disposing = substrate.dispose();
  else if (what === 'end-guest' || what === 'hang' || what === 'fail') fake?.strike(what, guest);
  else process.kill(process.pid, what);
}

async function use(): Promise<void> {
  try {
    const { shutdown } = await substrate.bootHarness({
      envs: { SECRET: 'canary' },
      signal: cancelled.signal,
    });
    say({ ready: true });
    if (plan.state === 'healthy') await Promise.race([once(process.stdin.resume(), 'data'), failed.promise]);
    await shutdown();
  } catch (error) {
    say({ error: error instanceof VzvmError ? error.code : String(error) });
  }
}

await use();
try {
  await (disposing ?? substrate.dispose());
} catch (error) {
  say({ left: String(error) });
}
for (const { name } of (await fake?.driver.list()) ?? []) say({ left: `guest ${name}` });
process.stdin.destroy();
say({ over: true });
