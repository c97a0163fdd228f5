import { setImmediate } from 'node:timers/promises';
import { type AnyActorLogic, createActor, fromPromise, type InspectionEvent, SimulatedClock } from 'xstate';
import { type Follower, followed, type VmFacts } from '../../src/inspector/index.ts';
import { vmMachine } from '../../src/machines/vm/index.ts';

const ANSWERS: Readonly<Record<string, unknown>> = {
  pollAddress: '10.0.0.9',
  connect: { harnessUploaded: false, nodeReady: true, packagesReady: false },
  keepImage: null,
  probeHealth: true,
  release: [],
};

/** As the longest pause between two looks, so that no deadline is over sooner than it would be. */
const TURN_MS = 200;
const MOST_TURNS = 20_000;

/** What an actor does in each of its attempts; the last entry stands for all that follow. */
export type Script = Readonly<Record<string, readonly (() => unknown)[]>>;

/** The real chart, with actors that do what a script says, one VM after the other. */
function machineOf(script: Script): typeof vmMachine {
  const calls: Record<string, number> = {};
  const actors = Object.keys(vmMachine.implementations.actors).map((src): [string, AnyActorLogic] => {
    const answer = () => {
      const steps = script[src];
      if (!steps) return src.startsWith('watch') ? new Promise(() => {}) : ANSWERS[src];
      const call = (calls[src] ??= 0);
      calls[src] = call + 1;
      return steps[Math.min(call, steps.length - 1)]?.();
    };
    return [src, fromPromise(() => Promise.resolve().then(answer))];
  });
  return vmMachine.provide({ actors: Object.fromEntries(actors) });
}

const machines = new WeakMap<Script, typeof vmMachine>();

/** A VM under a simulated clock. Those of one script follow one machine, as the VMs of a substrate do. */
export function simulateVm(
  name: string,
  followers: Follower | readonly Follower[],
  script: Script = {},
  inspect?: (event: InspectionEvent) => void,
) {
  const clock = new SimulatedClock();
  const machine = machines.get(script) ?? machineOf(script);
  machines.set(script, machine);
  const actor = createActor(followed(machine, [followers].flat()), {
    id: name,
    input: { vmId: name, image: 'debian:12' },
    clock,
    ...(inspect ? { inspect } : {}),
  });
  actor.subscribe({ error: () => undefined });
  actor.start();
  const become = async (what: string, is: () => boolean) => {
    for (let turn = 0; !is(); turn += 1) {
      if (turn > MOST_TURNS) throw new Error(`it never came to pass that ${what}`);
      clock.increment(TURN_MS);
      for (let pause = 0; pause < 3; pause += 1) await setImmediate();
    }
  };
  return {
    actor,
    clock,
    healthy: () => become('the VM is healthy', () => actor.getSnapshot().hasTag('ready')),
    ended: () => become('the VM has ended', () => actor.getSnapshot().status !== 'active'),
    end: async () => {
      actor.send({ type: 'DISPOSE', reason: 'the test is over' });
      await become('the VM has ended', () => actor.getSnapshot().status !== 'active');
    },
  };
}

/** What a recorder is told of a VM. */
export const factsOf = (vm: string): VmFacts => ({
  vm,
  machine: 'vm',
  driver: 'fake',
  image: 'debian:12',
  states: { 'vm.alive.cloning': { title: 'Copy the image', deadlineMs: 300_000 } },
});
