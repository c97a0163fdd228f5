import type { BootedHarness } from '@computeragent/sdk';
import { VzvmError } from '../errors.ts';
import { STEPS } from '../machines/vm/index.ts';
import type { VZVMSubstrateOptions } from '../substrate/index.ts';
import { type Lane, placeOf } from './lane.ts';
import { gateAt } from './gate-names.ts';
import { connectsFirst, type Held } from './promises.ts';
import { chartPlace, type Variant } from './spec.ts';
import { type ModelSubject, Stage, type StageParts } from './stage.ts';
import { until } from './until.ts';

const LAST_BY_DRIVER = STEPS.indexOf('booting');
/** A guest that takes its time is tried as often as it takes. */
const MANY = 1_000;

/** How a boot has ended for whoever asked for it. */
export type BootEnd = 'ready' | 'failed' | 'cancelled';

/** What a VM's stage is made from. */
export type WorldParts = Pick<StageParts, 'subject' | 'record' | 'chart' | 'patienceMs'>;

/** One VM of a real substrate, from its boot to its end. */
export class World implements AsyncDisposable {
  readonly stage: Stage;
  readonly lane: Lane;
  readonly variant: Variant;
  readonly #cancel: AbortController;
  readonly #boot: Promise<BootedHarness | undefined>;
  #end: BootEnd | undefined;

  private constructor(
    stage: Stage,
    variant: Variant,
    parts: { lane: Lane; cancel: AbortController; boot: Promise<BootedHarness | undefined> },
  ) {
    this.stage = stage;
    this.variant = variant;
    this.lane = parts.lane;
    this.#cancel = parts.cancel;
    this.#boot = parts.boot;
    parts.boot.then(
      () => (this.#end = 'ready'),
      (error: unknown) => (this.#end = endOf(error)),
    );
  }

  /** Begins a VM, on a stage of its own. */
  static async begin(variant: Variant, parts: WorldParts): Promise<World> {
    return World.on(await World.stageFor(variant, parts), variant);
  }

  /** A stage for VMs of a variant. */
  static async stageFor(variant: Variant, parts: WorldParts): Promise<Stage> {
    const stage = await Stage.set({
      ...parts,
      isFork: variant.isFork,
      options: optionsFor(variant, parts.subject),
    });
    // A fork is forked from a template, which is a VM of its own.
    if (variant.isFork) await stage.openly(() => stage.substrate.prepareImage());
    return stage;
  }

  /** Begins a VM on a stage where there may be others. */
  static async on(stage: Stage, variant: Variant): Promise<World> {
    const cancel = new AbortController();
    let boot = Promise.resolve<BootedHarness | undefined>(undefined);
    const lane = await stage.next(() => {
      const { signal } = cancel;
      boot = variant.endsPrepared
        ? stage.substrate.prepareImage({ signal }).then(() => undefined)
        : stage.substrate.bootHarness({ envs: {}, signal });
    });
    boot.catch(() => undefined);
    if (!variant.endsPrepared) lane.gates.decide('seal', 'go');
    return new World(stage, variant, { lane, cancel, boot });
  }

  /** Where the VM is. */
  get place(): string {
    return placeOf(this.lane.snapshot);
  }

  /** How its boot has ended for whoever asked for it; undefined while it has not. */
  get end(): BootEnd | undefined {
    return this.#end;
  }

  /** What it holds: asked of the driver, the network and the journal, never of the VM. */
  async held(): Promise<Held> {
    const known = (await this.stage.driver.list()).find(({ name }) => name === this.lane.name);
    const guest = known ? (known.running ? 'runs' : 'there') : 'none';
    const isWrittenDown = await this.stage.substrate.reach(this.lane.name).then(
      () => true,
      (error: unknown) => !(error instanceof VzvmError && error.code === 'OPTION_INVALID'),
    );
    return { guest, connections: this.lane.connections > 0 ? 1 : 0, isWrittenDown };
  }

  /** Ends the VM as its user would. */
  async dispose(): Promise<void> {
    const { place } = this;
    if (place === 'disposing' || place === 'disposed') return this.#cancel.abort();
    if (place === 'failed') return void this.stage.substrate.dispose().catch(() => undefined);
    if (this.#end === 'ready') {
      const booted = await this.#boot;
      return void booted?.shutdown().catch(() => undefined);
    }
    this.#cancel.abort();
  }

  /** Resolves when the VM is at a place, and stands still there. */
  async arrives(place: string): Promise<void> {
    await until(() => this.place === chartPlace(place) && this.#standsStill(place), this.stage.patienceMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancel.abort();
    await this.stage[Symbol.asyncDispose]();
  }

  #standsStill(place: string): boolean {
    const { gates, double } = this.lane;
    if (place === 'disposed' || place === 'failed') return true;
    if (place === 'disposing') return gates.has('stop') || gates.has('delete');
    if (place.includes(':waiting') || place.includes(':backing-off')) return true;
    if (place === 'prepared') return gates.has('seal');
    if (!this.stage.fake && !connectsFirst(place) && !/^(cloning|booting|ip-polling)/.test(place))
      return true;
    // Whoever asked for it must have it.
    if (place.startsWith('healthy') && this.#end !== 'ready') return false;
    if (place === 'healthy') return double?.isWatched === true;
    return gates.has(connectsFirst(place) ? 'dial' : gateAt(place));
  }
}

function endOf(error: unknown): BootEnd {
  return error instanceof VzvmError && error.code === 'ABORTED' ? 'cancelled' : 'failed';
}

/** What a VM of a variant is asked for with. */
function optionsFor(variant: Variant, subject: ModelSubject | undefined): VZVMSubstrateOptions {
  const { keepOnFailure, keepsImage, endsPrepared, isFork } = variant;
  const isPrepared = subject ? subject.isPrepared === true : keepsImage || endsPrepared || isFork;
  return {
    keepOnFailure,
    prepare: isPrepared ? 'auto' : 'never',
    fork: isFork ? 'auto' : 'never',
    retries: Object.fromEntries(
      STEPS.map((step, index) => [step, subject && index > LAST_BY_DRIVER ? MANY : 2]),
    ),
  };
}
