import { isDeepStrictEqual, inspect } from 'node:util';
import type { InspectionEvent } from 'xstate';
import type { vmMachine } from '../machines/vm/index.ts';
import { bringAbout } from './happen.ts';
import { type ModelPath, VARIANTS, writePath } from './paths.ts';
import { heldAfter, type Held, HELD_AT_FIRST, type Move, toldAtFirst, toldOf } from './promises.ts';
import { chartPlace, firstPlace } from './spec.ts';
import type { ModelSubject } from './stage.ts';
import { until } from './until.ts';
import { World } from './world.ts';

/** How a path is replayed. */
export interface ReplayOptions {
  /** @defaultValue a fake driver, whose guests do what they are told */
  readonly subject?: ModelSubject;
  /** How long anything may take that a path waits for, in milliseconds. @defaultValue 10 s; a minute for a driver of your own */
  readonly patienceMs?: number;
  /** Receives xstate's inspection events. */
  readonly record?: (event: InspectionEvent) => void;
  /** @internal A chart with a mistake, to see that it is found. */
  readonly chart?: typeof vmMachine;
}

/**
 * Lives a life of the model on a real substrate, and compares after each step where the VM is, what it holds, and what
 * it has told. Nothing is left of it then.
 * @throws ModelError at the first difference, with the path that shows it again.
 */
export async function replay(path: ModelPath, options: ReplayOptions = {}): Promise<void> {
  const { subject, chart, patienceMs, record = () => undefined } = options;
  await using world = await World.begin(VARIANTS[path.of], { subject, record, chart, patienceMs });
  const check = new Checker(world, path);
  await check.first();
  for (const move of path.moves) {
    await bringAbout(world, move.from, move.happening);
    await check.after(move);
  }
  await check.end();
}

/** A VM that was not where the model says that it is. `path` shows it again: `replay(readPath(path))`. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  /** The path up to the difference. */
  readonly path: string;

  constructor(path: string, message: string) {
    super(`${message}\n  path: ${path}`);
    this.path = path;
  }
}

/** Compares a VM with the model as it goes on. */
export class Checker {
  readonly #world: World;
  readonly #path: ModelPath;
  readonly #told: string[] = [];
  #done = 0;
  #held: Held = HELD_AT_FIRST;
  #place: string;

  constructor(world: World, path: ModelPath) {
    this.#world = world;
    this.#path = path;
    this.#place = firstPlace(VARIANTS[path.of]);
  }

  async first(): Promise<void> {
    this.#told.push(...toldAtFirst(this.#world.variant));
    await this.#compare();
  }

  async after(move: Move): Promise<void> {
    this.#done += 1;
    this.#place = move.to;
    this.#held = heldAfter(this.#held, move);
    this.#told.push(...toldOf(move, this.#world.variant));
    await this.#compare();
  }

  /** Nothing has happened: it is where it was. */
  async still(): Promise<void> {
    await this.#compare();
  }

  /** It is on its way out, whatever it could tell of that. */
  async gone(): Promise<void> {
    const { lane } = this.#world;
    this.#done += 1;
    this.#place = 'disposing';
    await this.#world.arrives(this.#place);
    const { told } = lane;
    if (told.at(-1) !== 'disposing start' || told.filter((each) => each === 'failed').length > 1)
      this.#differ('what it tells', 'one end', told);
    this.#told.splice(0, Infinity, ...told);
    // What was under way may have come to something yet.
    const { guest } = await this.#world.held();
    this.#held = { ...HELD_AT_FIRST, guest };
    await this.#compare();
  }

  /** Whoever asked for the VM is told the same as everybody else. */
  async end(): Promise<void> {
    const { end, variant } = this.#world;
    if (this.#place !== 'disposed' || end === undefined) return;
    // A fork that failed is followed by a boot; what becomes of an image its own chart tells.
    if (variant.isFork || variant.endsPrepared) return;
    const told = this.#told.includes('failed') ? 'failed' : 'cancelled';
    const expected = this.#told.includes('healthy start') ? 'ready' : told;
    if (end !== expected) this.#differ('its boot', expected, end);
  }

  async #compare(): Promise<void> {
    const world = this.#world;
    await world.arrives(this.#place);
    if (world.place !== chartPlace(this.#place)) this.#differ('it', this.#place, world.place);
    const [told, expected] = [this.#heard(world.lane.told), this.#heard(this.#told)];
    if (!isDeepStrictEqual(told, expected)) this.#differ('what it tells', expected, told);
    const held = await this.#heldInTime();
    if (!this.#isHeld(held)) this.#differ('what it holds', this.#held, held);
  }

  /** A guest of its own is tried again as often as it takes. */
  #heard(told: readonly string[]): readonly string[] {
    return this.#world.stage.fake ? told : told.filter((each) => !each.endsWith(' retry'));
  }

  /** Nobody writes down what ends with its program anyway. */
  #isHeld({ guest, connections, isWrittenDown }: Held): boolean {
    const isSame = guest === this.#held.guest && connections === this.#held.connections;
    const { recipe } = this.#world.stage.driver;
    return isSame && (recipe === undefined || isWrittenDown === this.#held.isWrittenDown);
  }

  /** The other end of a connection learns a moment later that it was broken. */
  async #heldInTime(): Promise<Held> {
    const { stage } = this.#world;
    let held = await this.#world.held();
    await until(async () => {
      held = await this.#world.held();
      return this.#isHeld(held);
    }, stage.patienceMs);
    return held;
  }

  #differ(what: string, expected: unknown, seen: unknown): never {
    const { of, moves } = this.#path;
    const show = (value: unknown) => inspect(value, { breakLength: Infinity });
    const text = `at ${this.#place} of the model ${what} is ${show(seen)}, expected ${show(expected)}`;
    throw new ModelError(writePath({ of, moves: moves.slice(0, this.#done) }), text);
  }
}
