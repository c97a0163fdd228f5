import { connect } from 'node:net';
import { once } from 'node:events';
import { VzvmError } from '@computeragent/runtime-vzvm';
import {
  createFakeDriver,
  type FakeDriver,
  type FakeScript,
  type FakeStep,
} from '../../src/drivers/fake/index.ts';
import type { FakePlace } from '../owner-plan.ts';

const VERBS = ['clone', 'start', 'address', 'dial', 'stop', 'delete'] as const;
type Verb = (typeof VERBS)[number];

/** Guests in memory, whose harness and SSH server another program plays. */
export function fakeDriver(place: FakePlace) {
  const script = new StruckScript();
  const driver = createFakeDriver({
    script: script.steps,
    address: { host: '127.0.0.1', ports: { 7700: place.harnessPort } },
    dial: async () => {
      const socket = connect(place.sshPort, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    },
  });
  const { remoteWorkdir, bundlePath } = place;
  return {
    driver,
    options: { baseImage: 'fake', remoteWorkdir, bundlePath, readinessPollMs: 5 },
    strike: (what: 'end-guest' | 'hang' | 'fail', guest: string) => strike(driver, script, what, guest),
  };
}

function strike(
  driver: FakeDriver,
  script: StruckScript,
  what: 'end-guest' | 'hang' | 'fail',
  guest: string,
): void {
  if (what === 'end-guest') driver.killGuest(guest, { code: 137 });
  else script.strike(what === 'hang' ? 'hang' : new VzvmError('COMMAND_FAILED', 'struck', { retry: 'safe' }));
}

/** All goes well until it is struck; then each verb has the fault once. Nobody who releases would wait for a hang: none there. */
class StruckScript {
  #fault: FakeStep = 'ok';
  readonly #struck = new Set<Verb>(VERBS);

  /** Asked anew at each call. */
  readonly steps: FakeScript;

  constructor() {
    const steps: FakeScript = {};
    for (const verb of VERBS)
      Object.defineProperty(steps, verb, { enumerable: true, get: () => this.#next(verb) });
    this.steps = steps;
  }

  strike(fault: FakeStep): void {
    this.#fault = fault;
    this.#struck.clear();
  }

  #next(verb: Verb): FakeStep {
    if (this.#struck.has(verb)) return 'ok';
    if (this.#fault === 'hang' && (verb === 'stop' || verb === 'delete')) return 'ok';
    this.#struck.add(verb);
    return this.#fault;
  }
}
