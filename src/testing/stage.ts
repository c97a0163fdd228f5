import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { InspectionEvent } from 'xstate';
import type { Driver } from '../drivers/driver.ts';
import { createFakeDriver, type FakeDriver } from '../drivers/fake/index.ts';
import type { VmActor, vmMachine } from '../machines/vm/index.ts';
import { VZVMSubstrate, type VZVMSubstrateOptions } from '../substrate/index.ts';
import { readPayload } from '../substrate/payload.ts';
import { CHART, CLOCK_OF, type Seams } from '../substrate/seams.ts';
import { gatedDriver } from './gated-driver.ts';
import type { Finds } from './guest-double.ts';
import { Lane } from './lane.ts';
import { Valve } from './valve.ts';

/** A driver whose guests the model drives, with what its VMs need. */
export interface ModelSubject {
  readonly driver: Driver;
  /** An image that it can resolve. */
  readonly image: string;
  /**
   * Nothing is left to be done in a guest of the image: a boot has kept it before, with the same folders.
   * @defaultValue false
   */
  readonly isPrepared?: boolean;
  /** What else its VMs need: a login, deadlines, folders. */
  readonly options?: VZVMSubstrateOptions;
}

/** Any file will do for a harness that runs nowhere; a small one is sent sooner. */
const SMALL_BUNDLE = fileURLToPath(new URL('../../assets/package.json', import.meta.url));
const HARNESS_PORT = 7700;

/** A real substrate over a driver whose every step waits for a test, with a clock for each VM. */
export class Stage implements AsyncDisposable {
  readonly substrate: VZVMSubstrate;
  readonly driver: Driver;
  /** Undefined: the driver's guests are its own. */
  readonly fake: FakeDriver | undefined;
  readonly patienceMs: number;
  readonly #lanes = new Map<string, Lane>();
  readonly #folder: string;
  readonly #record: (event: InspectionEvent) => void;
  #arrival = Promise.withResolvers<Lane>();
  #isOpen = false;

  private constructor(folder: string, parts: StageParts) {
    const { subject, options, record } = parts;
    this.#folder = folder;
    this.#record = record;
    this.fake = subject ? undefined : this.#fakeDriver(parts.isFork);
    this.driver = subject?.driver ?? (this.fake as FakeDriver);
    this.patienceMs = parts.patienceMs ?? (subject ? 60_000 : 10_000);
    const own: VZVMSubstrateOptions & Seams = {
      ...(subject ? { baseImage: subject.image } : this.#fakeOptions()),
      ...options,
      ...subject?.options,
      driver: gatedDriver(this.driver, {
        laneOf: (guest) => this.#lanes.get(guest),
        stream: (lane, port, dial) => this.#stream(lane, port, dial),
      }),
      inspect: (event) => this.#inspect(event),
      [CHART]: parts.chart,
      [CLOCK_OF]: (vm) => this.#begin(vm).clock,
    };
    this.substrate = new VZVMSubstrate(own);
  }

  static async set(parts: StageParts): Promise<Stage> {
    return new Stage(await mkdtemp(join(tmpdir(), 'vzvm-model-')), parts);
  }

  /** The next VM that begins while `work` begins. */
  async next(work: () => void): Promise<Lane> {
    this.#arrival = Promise.withResolvers<Lane>();
    work();
    return this.#arrival.promise;
  }

  /** Does something whose VMs nobody drives. */
  async openly<T>(work: () => Promise<T>): Promise<T> {
    this.#isOpen = true;
    try {
      return await work();
    } finally {
      this.#isOpen = false;
    }
  }

  /** What a guest of the fake driver finds when nothing is left to be done in it. */
  async everything(): Promise<Finds> {
    const { harnessDigest, packagesDigest } = await readPayload(SMALL_BUNDLE);
    return { harness: harnessDigest, packages: packagesDigest };
  }

  /** Lets everything go, and ends what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = true;
    for (const lane of this.#lanes.values()) lane.gates.open();
    for (const lane of this.#lanes.values()) lane.openValve();
    await this.substrate.dispose().catch(() => undefined); // What a late release leaves is told by its own test.
    await Promise.all([...this.#lanes.values()].map((lane) => lane.double?.end() ?? Promise.resolve()));
    await rm(this.#folder, { recursive: true, force: true });
  }

  #begin(vm: string): Lane {
    const lane = new Lane(vm);
    if (this.#isOpen) lane.gates.open();
    this.#lanes.set(vm, lane);
    return lane;
  }

  #inspect(event: InspectionEvent): void {
    this.#record(event);
    if (event.type !== '@xstate.actor' || event.actorRef.sessionId !== event.rootId) return;
    const actor = event.actorRef as VmActor;
    const lane = this.#lanes.get(actor.id);
    lane?.follow(actor);
    if (lane && !this.#isOpen) this.#arrival.resolve(lane);
  }

  async #stream(lane: Lane, port: number, dial: () => Promise<Duplex>): Promise<Duplex> {
    const stream = await dial();
    return this.fake ? stream : lane.put(new Valve(stream), port);
  }

  #fakeDriver(isFork: boolean): FakeDriver {
    const guestOf = (guest: string) => this.#lanes.get(guest)?.guest();
    const driver = createFakeDriver({
      snapshots: isFork,
      dial: async (guest) => {
        const double = await guestOf(guest);
        if (!double) throw new Error(`no VM ${guest}`);
        return double.dial();
      },
      address: (guest) => ({
        host: '127.0.0.1',
        ports: { [HARNESS_PORT]: this.#lanes.get(guest)?.double?.port ?? 1 },
      }),
      script: {
        // Its harness listens from the start; the address says where.
        start: async (guest) => void (await guestOf(guest)),
        fork: async (guest) => (await guestOf(guest))?.wake(),
      },
    });
    return driver;
  }

  #fakeOptions(): VZVMSubstrateOptions {
    return {
      baseImage: 'fake',
      bundlePath: SMALL_BUNDLE,
      // The other way asks a registry.
      guestNode: { source: 'nodesource' },
      memoryMiB: 256,
      stateDir: join(this.#folder, 'state'),
      cacheDir: join(this.#folder, 'cache'),
    };
  }
}

/** What a stage is made from. */
export interface StageParts {
  /** Undefined: a fake driver, whose guests do what they are told. */
  readonly subject: ModelSubject | undefined;
  readonly options: VZVMSubstrateOptions;
  readonly isFork: boolean;
  readonly record: (event: InspectionEvent) => void;
  readonly patienceMs?: number | undefined;
  /** @defaultValue the one of the product */
  readonly chart?: typeof vmMachine | undefined;
}
