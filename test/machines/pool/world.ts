import { createActor, SimulatedClock } from 'xstate';
import {
  type PoolActor,
  type PoolEmitted,
  type PoolEvent,
  type PoolInput,
  poolMachine,
} from '../../../src/machines/pool/index.ts';

export const LIMITS = { size: 2, vmMemoryMiB: 1024 } satisfies PoolInput;

/** What the pool has told, in a few words. */
export function inWords(event: PoolEmitted): string {
  switch (event.type) {
    case 'boot':
    case 'abort':
    case 'release':
      return `${event.type} ${event.vmId}`;
    case 'claimed':
    case 'cold':
      return `${event.type} ${event.claimId} ${event.vmId}`;
    case 'queued':
      return `queued ${event.claimId} at ${event.position}`;
    case 'rejected':
      return `rejected ${event.claimId}: ${event.reason}`;
    case 'cooling':
      return `cooling ${event.pauseMs} after ${event.failures}`;
    case 'drained':
      return 'drained';
  }
}

/** A clock that knows how many timers are armed: each would keep a process awake. */
class CountingClock extends SimulatedClock {
  readonly armed = new Set<number>();
  override setTimeout(fire: () => void, ms: number): number {
    const id = super.setTimeout(() => {
      this.armed.delete(id);
      fire();
    }, ms);
    this.armed.add(id);
    return id;
  }
  override clearTimeout(id: number): void {
    this.armed.delete(id);
    super.clearTimeout(id);
  }
}

/** A pool whose owner, and whose clock, is the test. */
export class World {
  readonly clock = new CountingClock();
  readonly events: PoolEmitted[] = [];
  /** What the machine itself died of: never anything. */
  readonly errors: unknown[] = [];
  readonly actor: PoolActor;
  #read = 0;

  constructor(input: Partial<PoolInput> = {}) {
    this.actor = createActor(poolMachine, { clock: this.clock, input: { ...LIMITS, ...input } });
    this.actor.on('*', (event) => void this.events.push(event));
    this.actor.subscribe({ error: (error) => void this.errors.push(error) });
    this.actor.start();
  }

  /** What was told since this was last asked. */
  get told(): string[] {
    const news = this.events.slice(this.#read);
    this.#read = this.events.length;
    return news.map(inWords);
  }

  /** Tells the pool something; answers what it then tells. */
  send(event: PoolEvent): string[] {
    this.actor.send(event);
    return this.told;
  }
  claim = (claimId: string) => this.send({ type: 'CLAIM', claimId });
  cancel = (claimId: string) => this.send({ type: 'CANCEL', claimId });
  parked = (vmId: string) => this.send({ type: 'VM.PARKED', vmId });
  failed = (vmId: string, error = 'no') => this.send({ type: 'VM.FAILED', vmId, error });
  ended = (vmId: string) => this.send({ type: 'VM.ENDED', vmId });
  drain = () => this.send({ type: 'DRAIN' });
  pass(ms: number): string[] {
    this.clock.increment(ms);
    return this.told;
  }

  get context() {
    return this.actor.getSnapshot().context;
  }
  get timers(): number {
    return this.clock.armed.size;
  }
  get tags(): string[] {
    return [...this.actor.getSnapshot().tags];
  }
  get isDone(): boolean {
    return this.actor.getSnapshot().status === 'done';
  }
}

/** A pool that has parked as many as it was asked for: vm-1, vm-2, … */
export function fullWorld(input: Partial<PoolInput> = {}): World {
  const world = new World(input);
  for (let next = world.context.booting[0]; next !== undefined; next = world.context.booting[0])
    world.parked(next);
  void world.told;
  return world;
}
