import { describe, expect, it } from 'vitest';
import { createActor, createMachine, type InspectionEvent } from 'xstate';
import { type Follower, followed, Recorder } from '../../src/inspector/index.ts';
import { factsOf, simulateVm } from './simulated-vm.ts';

/** What is heard of a boot and its end, in the numbers that one process gives to actors. */
async function heard(followers: readonly Follower[]) {
  const seen: InspectionEvent[] = [];
  const vm = simulateVm('ca-1', followers, {}, (event) => void seen.push(event));
  await vm.healthy();
  await vm.end();
  const actors = [...new Set(seen.map(({ actorRef }) => actorRef))];
  return seen.map(({ type, actorRef }) => `${type} ${actors.indexOf(actorRef)}`);
}

/** A machine that counts what it does, and throws where it is told to. */
function countingMachine() {
  const done: string[] = [];
  const machine = createMachine({
    id: 'counting',
    initial: 'idle',
    states: {
      idle: {
        entry: () => void done.push('idle'),
        on: { GO: 'busy', FAIL: { actions: () => fail('it cannot be done') } },
      },
      busy: { entry: () => void done.push('busy'), exit: () => void done.push('left'), on: { REST: 'idle' } },
    },
  });
  return { machine, done };
}

function fail(why: string): never {
  throw new Error(why);
}

describe('a machine that is followed', () => {
  it('is told of to its user as one that is not: the same events of the same actors', async () => {
    const recorder = new Recorder();
    expect(await heard([recorder.begin(factsOf('ca-1'))])).toEqual(await heard([]));
  });

  it('does everything once', () => {
    const { machine, done } = countingMachine();
    const recorder = new Recorder();
    const actor = createActor(followed(machine, [recorder.begin(factsOf('ca-1'))])).start();
    actor.send({ type: 'GO' });
    actor.send({ type: 'REST' });
    expect(done).toEqual(['idle', 'busy', 'left', 'idle']);
    actor.stop();
  });

  it('goes on where a follower throws, and the others are told', () => {
    const { machine, done } = countingMachine();
    const broken: Follower = {
      begins: () => fail('no beginning'),
      took: () => fail('no step'),
      ended: () => fail('no end'),
    };
    const recorder = new Recorder();
    const of = recorder.begin(factsOf('ca-1'));
    const actor = createActor(followed(machine, [broken, of])).start();
    actor.send({ type: 'GO' });
    expect(done).toEqual(['idle', 'busy']);
    expect(of.since(0).at(-1)).toMatchObject({ kind: 'snapshot', value: 'busy' });
    actor.stop();
  });

  it('has ended for its followers when it breaks', () => {
    const { machine } = countingMachine();
    const recorder = new Recorder({ mostEnded: 0 });
    const of = recorder.begin(factsOf('ca-1'));
    const actor = createActor(followed(machine, [of]));
    actor.subscribe({ error: () => undefined });
    actor.start();
    expect(of.hasEnded).toBe(false);
    actor.send({ type: 'FAIL' });
    expect(actor.getSnapshot().status).toBe('error');
    expect(of.hasEnded).toBe(true);
    expect(recorder.vms).toEqual([]);
  });

  it('is itself where nobody follows', () => {
    const { machine } = countingMachine();
    expect(followed(machine, [])).toBe(machine);
  });
});
