import type { InspectionEvent } from 'xstate';
import type { VmSession } from '../../actors/index.ts';
import type { Recorder } from '../../inspector/index.ts';
import type { VmInput } from '../../machines/vm/index.ts';
import type { VmHandleEvent } from '../vm-handle.ts';
import { factsOf } from './facts.ts';
import { followGuest } from './follow-guest.ts';
import { secretsOf } from './secrets.ts';

/** A VM that is recorded. */
export interface RecordedVm {
  readonly inspect: (event: InspectionEvent) => void;
  /** Takes what the VM tells. */
  readonly told: (event: VmHandleEvent) => void;
  /** Secrets that it is given later: hidden from then on. */
  readonly hide: (secrets: readonly string[]) => void;
}

/** Records a VM from its beginning: its machine, its secrets to be hidden, and what its guest says while somebody looks. */
export function recordVm(recorder: Recorder, session: VmSession, input: VmInput): RecordedVm {
  const vm = recorder.begin(factsOf(session, input));
  vm.hide(() => secretsOf(session));
  vm.follow = (source, onText, signal) => followGuest(session, source, onText, signal);
  return {
    inspect: vm.inspect,
    hide: (secrets) => vm.hide(() => secrets),
    told: (event) => {
      if (event.type !== 'failed' || vm.isFollowed) return;
      // The console goes with the guest's files: it is read before they go, as the machine moves on.
      const console = session.consoleAtFailure ?? session.driver.consoleTail(session.name);
      void Promise.resolve(console)
        .then((text) => (text === '' ? undefined : vm.log('console', text.split('\n'), true)))
        .catch(() => undefined); // There is none.
    },
  };
}
