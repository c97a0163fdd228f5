import { createActor, fromPromise, SimulatedClock } from 'xstate';
import { imageMachine, type ImageEmitted, type ImageOutput } from '../../../src/machines/image/index.ts';
import { settle } from '../vm/world.ts';

export const ACTORS = [
  'waitForTurn',
  'findImage',
  'provision',
  'seal',
  'powerOff',
  'keep',
  'remove',
] as const;
export type ActorName = (typeof ACTORS)[number];

const ANSWERS: Partial<Record<ActorName, unknown>> = { findImage: false, remove: [] };
export const HANG = Symbol('hang');

/** An image's machine with scripted actors under a clock that only the test moves. */
export class World {
  readonly clock = new SimulatedClock();
  readonly calls: ActorName[] = [];
  readonly told: ImageEmitted['step'][] = [];
  readonly errors: unknown[] = [];
  readonly actor;
  readonly #plan: Partial<Record<ActorName, unknown>>;

  constructor(plan: Partial<Record<ActorName, unknown>> = {}) {
    this.#plan = plan;
    const actors = {
      waitForTurn: this.#scripted<void>('waitForTurn'),
      findImage: this.#scripted<boolean>('findImage'),
      provision: this.#scripted<void>('provision'),
      seal: this.#scripted<void>('seal'),
      powerOff: this.#scripted<void>('powerOff'),
      keep: this.#scripted<void>('keep'),
      remove: this.#scripted<string[]>('remove'),
    };
    this.actor = createActor(imageMachine.provide({ actors }), { clock: this.clock, input: { key: 'k-1' } });
    this.actor.on('step', ({ step }) => void this.told.push(step));
    this.actor.subscribe({ error: (error) => void this.errors.push(error) });
    this.actor.start();
  }

  #scripted<Out>(name: ActorName) {
    return fromPromise<Out, { readonly key: string }>(({ signal }) => {
      this.calls.push(name);
      const answer = name in this.#plan ? this.#plan[name] : ANSWERS[name];
      if (answer instanceof Error) return Promise.reject(answer);
      if (answer !== HANG) return Promise.resolve(answer as Out);
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    });
  }

  async cancel(): Promise<void> {
    this.actor.send({ type: 'CANCEL' });
    await settle();
  }

  get output(): ImageOutput {
    const snapshot = this.actor.getSnapshot();
    if (snapshot.status !== 'done') throw new Error(`not done: ${JSON.stringify(snapshot.value)}`);
    return snapshot.output as ImageOutput;
  }
}
