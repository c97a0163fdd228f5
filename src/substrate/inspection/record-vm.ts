import type { VmSession } from '../../actors/index.ts';
import type { Follower, RecordedGuest, Recorder, VmRecorder } from '../../inspector/index.ts';
import type { VmInput } from '../../machines/vm/index.ts';
import type { VmHandleEvent } from '../vm-handle.ts';
import { factsOf } from './facts.ts';
import { followGuest } from './follow-guest.ts';
import { secretsOf } from './secrets.ts';

/** A VM that is recorded from its beginning: its machine, its secrets to be hidden, and what its guest says while somebody looks. */
export class RecordedVm implements RecordedGuest {
  readonly #session: VmSession;
  readonly #vm: VmRecorder;

  constructor(recorder: Recorder, session: VmSession, input: VmInput) {
    this.#session = session;
    this.#vm = recorder.begin(factsOf(session, input), this);
  }

  /** Is to follow its machine. */
  get follower(): Follower {
    return this.#vm;
  }

  /** Every secret that is known by now. */
  secrets(): readonly (string | undefined)[] {
    return secretsOf(this.#session);
  }

  /** Hands on what the guest's console or its harness says, until it is cancelled. */
  follow(...[source, onText, signal]: Parameters<RecordedGuest['follow']>): Promise<void> {
    return followGuest(this.#session, source, onText, signal);
  }

  /** Its machine has ended, however. */
  ended(): void {
    this.#vm.ended();
  }

  /** Secrets that it is given later: hidden from then on. */
  hide(secrets: readonly string[]): void {
    this.#vm.hide(secrets);
  }

  /** What the error of its boot says is to be done. */
  advise(hint: string): void {
    this.#vm.advise(hint);
  }

  /** Takes what the VM tells. */
  told(event: VmHandleEvent): void {
    if (event.type !== 'failed' || this.#vm.isFollowed) return;
    const { consoleAtFailure, driver, name } = this.#session;
    // The console goes with the guest's files: it is read before they go, as the machine moves on.
    const console = consoleAtFailure ?? driver.consoleTail(name);
    void Promise.resolve(console)
      .then((text) => (text === '' ? undefined : this.#vm.log('console', text.split('\n'), true)))
      .catch(() => undefined); // There is none.
  }
}
