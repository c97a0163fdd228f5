import { startFakeGuest } from '../../test/helpers/fake-guest.ts';
import type { Victim } from '../cells.ts';
import type { FakePlace } from '../owner-plan.ts';

/** The other side of a guest in memory, in this program: it outlives the program that owns the guest. */
export interface FakeSide extends AsyncDisposable {
  readonly place: FakePlace;
  /** Answers what was struck. */
  strike(victim: Victim): Promise<string | undefined>;
}

export async function startFakeSide(): Promise<FakeSide> {
  const guest = await startFakeGuest();
  const { remoteWorkdir = '', bundlePath = '' } = guest.options;
  return {
    place: { sshPort: guest.sshd.port, harnessPort: guest.harnessPort, remoteWorkdir, bundlePath },
    strike: async (victim) => {
      if (victim === 'harness-kill') await guest.endHarness();
      else if (victim === 'network-cut') guest.sshd.hangUp();
      // Its clients stand still until the blow has fallen: nobody waits for them.
      else if (victim === 'sshd-kill') void guest.sshd[Symbol.asyncDispose]();
      else return undefined;
      return victim;
    },
    [Symbol.asyncDispose]: () => guest[Symbol.asyncDispose](),
  };
}
