import { createActor, toPromise } from 'xstate';
import { expect, test } from 'vitest';
import { watchProcess } from '../../src/actors/watch-process.ts';
import type { GuestProcess } from '../../src/drivers/driver.ts';
import { VzvmError } from '../../src/errors.ts';
import { rejection } from '../helpers/rejection.ts';
import { startTestVm } from '../helpers/vm-session.ts';

type Watch = Parameters<NonNullable<GuestProcess['standstill']>>[0];

const FULL = new VzvmError('DISK_FULL', 'no space', { hint: 'df -h' });

/** A VM whose guest can be made to stand still, and that is watched. */
async function watched() {
  const vm = await startTestVm();
  const { session } = vm;
  const [exit, still] = [Promise.withResolvers<never>(), Promise.withResolvers<void>()];
  const watches: Watch[] = [];
  const state = { isLetGo: false };
  const standstill = async (watch: Watch) => {
    watches.push(watch);
    watch.signal.addEventListener('abort', () => still.reject(new VzvmError('ABORTED', 'cancelled')));
    try {
      await still.promise;
    } finally {
      await new Promise(setImmediate);
      state.isLetGo = true;
    }
  };
  session.process = { pid: 1, exited: exit.promise, standstill };
  const actor = createActor(watchProcess({ session: () => session }), { input: { vmId: session.name } });
  const done = toPromise(actor);
  done.catch(() => undefined); // Looked at later, or of no interest where it is cancelled.
  actor.start();
  const [watch] = watches;
  if (!watch) throw new Error('nobody looks whether it stands still');
  return { vm, session, state, actor, done, watch, still, exit };
}

const EXIT = { code: 1, signal: null, stderrTail: 'ended' };

test('fails with why a guest stands still, and keeps the error whole', async () => {
  const { vm, session, done, still, watch } = await watched();
  await using _ = vm;
  watch.log('it stands still');
  still.reject(FULL);
  expect(await rejection(done)).toBe(FULL);
  expect(session.lastError).toBe(FULL);
  expect(vm.log).toEqual([`${session.name}: it stands still`]);
});

test('tells the exit, and looks no longer whether the guest stands still', async () => {
  const { vm, done, exit, watch } = await watched();
  await using _ = vm;
  exit.resolve(EXIT as never);
  expect(await done).toEqual(EXIT);
  expect(watch.signal.aborted).toBe(true);
});

test('goes on to wait for the exit when nothing more is to be seen of a guest', async () => {
  const { vm, done, exit, still } = await watched();
  await using _ = vm;
  still.resolve();
  exit.resolve(EXIT as never);
  expect(await done).toEqual(EXIT);
});

test('lets go of the guest when it is stopped, and has the release wait for that', async () => {
  const { vm, session, state, actor, watch } = await watched();
  const released: boolean[] = [];
  session.scope.add('guest files', () => released.push(state.isLetGo));
  actor.stop();
  // With what has failed and is kept nobody waits for a release.
  expect(watch.signal.aborted).toBe(true);
  expect(await vm.release()).toEqual([]);
  expect([released, session.lastError]).toEqual([[true], undefined]);
});

test('lets go of the guest at its release, also where nobody has stopped the watch', async () => {
  const { vm, state } = await watched();
  expect(await vm.release()).toEqual([]);
  expect(state.isLetGo).toBe(true);
});
