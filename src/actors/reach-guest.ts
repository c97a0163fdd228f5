import { fromPromise } from 'xstate';
import { VzvmError } from '../errors.ts';
import { guestConnection } from './guest-connection.ts';
import type { ActorDeps } from './session.ts';
import { step, type VmRef } from './step.ts';

const ANSWER_TIMEOUT_MS = 15_000;

/** Connects to the guest again, and has it do something: a connection that is open may lead nowhere. */
export const reachGuest = (deps: ActorDeps) =>
  fromPromise<void, VmRef>(
    step(deps, async (vm, signal) => {
      const connection = await guestConnection(vm, signal);
      const { exitCode, stderrTail } = await connection.exec('true', {
        timeoutMs: ANSWER_TIMEOUT_MS,
        signal,
      });
      if (exitCode === 0) return;
      throw new VzvmError('COMMAND_FAILED', 'the guest starts no commands', {
        exitCode,
        stderrTail,
        retry: 'safe',
        hint: `the guest may be out of memory or of processes: npx vzvm logs ${vm.name}`,
      });
    }),
  );
