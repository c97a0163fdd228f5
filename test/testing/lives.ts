import fc from 'fast-check';
import { DEFAULT_TIMEOUTS_MS, type StepTimeouts } from '../../src/machines/vm/index.ts';
import { bringAbout } from '../../src/testing/happen.ts';
import { VARIANTS, type VariantName } from '../../src/testing/paths.ts';
import type { Move } from '../../src/testing/promises.ts';
import { reasonAgainst } from '../../src/testing/reasons.ts';
import { Checker } from '../../src/testing/replay.ts';
import { firstPlace, type Happening, HAPPENINGS, specOf } from '../../src/testing/spec.ts';
import type { Stage, StageParts } from '../../src/testing/stage.ts';
import { World } from '../../src/testing/world.ts';

/** Where a VM should be by now. */
interface Expected {
  place: string;
  /** Its step has no time left: the next pause would be its end. */
  isLate: boolean;
  readonly moves: Move[];
}

/** What the commands know: of each VM where it should be. */
export interface LivesModel {
  readonly of: VariantName;
  readonly vms: readonly Expected[];
}

interface RealVm {
  readonly world: World;
  readonly check: Checker;
  /** When its step began, by its own clock. */
  stepAt: number;
}

/** Several VMs of one substrate. */
export class Lives implements AsyncDisposable {
  readonly stage: Stage;
  readonly vms: readonly RealVm[];

  private constructor(stage: Stage, vms: readonly RealVm[]) {
    this.stage = stage;
    this.vms = vms;
  }

  static async begin(
    { of, vms }: LivesModel,
    parts: Pick<StageParts, 'record' | 'chart' | 'patienceMs'>,
  ): Promise<Lives> {
    const stage = await World.stageFor(VARIANTS[of], { subject: undefined, ...parts });
    const real: RealVm[] = [];
    for (const { moves } of vms) {
      const world = await World.on(stage, VARIANTS[of]);
      const check = new Checker(world, { of, moves });
      await check.first();
      real.push({ world, check, stepAt: 0 });
    }
    return new Lives(stage, real);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stage[Symbol.asyncDispose]();
  }
}

type Command = fc.AsyncCommand<LivesModel, Lives>;

const ENDS: ReadonlySet<string> = new Set(['failed', 'disposing', 'disposed']);
const isDone = (place: string): boolean => place === 'disposed';
const stepOf = (place: string): string => place.split(':')[0] ?? '';

function moveOf({ of, vms }: LivesModel, vm: number, happening: Happening): Move | undefined {
  const { place: from = '', isLate = false } = vms[vm] ?? {};
  const endsPause = happening === 'pauseEnds' || (happening === 'hangs' && from.includes(':backing-off:'));
  if (isLate && endsPause) return undefined;
  const to = specOf(VARIANTS[of])[from]?.[happening];
  if (to === undefined || reasonAgainst(from, happening, VARIANTS[of].isFork) !== undefined) return undefined;
  return { from, happening, to };
}

function make(model: LivesModel, vm: number, move: Move): void {
  const expected = model.vms[vm] as Expected;
  if (stepOf(expected.place) !== stepOf(move.to)) expected.isLate = false;
  expected.place = move.to;
  expected.moves.push(move);
}

async function settled({ vms }: Lives, vm: number, move: Move): Promise<void> {
  const real = vms[vm] as RealVm;
  if (stepOf(move.from) !== stepOf(move.to)) real.stepAt = real.world.lane.clock.now();
  await real.check.after(move);
}

/** Something happens to one VM, or to two at the same time. */
class Happens implements Command {
  readonly #what: readonly (readonly [vm: number, happening: Happening])[];

  constructor(...what: readonly (readonly [number, Happening])[]) {
    this.#what = what;
  }

  check(model: Readonly<LivesModel>): boolean {
    // What is kept on failure ends with its substrate, and with it all others: at the end.
    return this.#what.every(([vm, happening]) => {
      const move = moveOf(model, vm, happening);
      return move !== undefined && move.from !== 'failed';
    });
  }

  async run(model: LivesModel, real: Lives): Promise<void> {
    const moves = this.#what.map(([vm, happening]) => ({ vm, move: moveOf(model, vm, happening) as Move }));
    for (const { vm, move } of moves) make(model, vm, move);
    await Promise.all(
      moves.map(({ vm, move }) => bringAbout((real.vms[vm] as RealVm).world, move.from, move.happening)),
    );
    for (const { vm, move } of moves) await settled(real, vm, move);
  }

  toString(): string {
    return this.#what.map(([vm, happening]) => `vm ${vm} ${happening}`).join(' while ');
  }
}

/** Time passes until a moment before a step's deadline, and nothing happens of it. */
class AlmostTooLate implements Command {
  readonly #vm: number;

  constructor(vm: number) {
    this.#vm = vm;
  }

  check({ vms }: Readonly<LivesModel>): boolean {
    const place = vms[this.#vm]?.place ?? '';
    return /:(trying|probing|keeping)/.test(place);
  }

  async run({ vms }: LivesModel, real: Lives): Promise<void> {
    const { world, check, stepAt } = real.vms[this.#vm] as RealVm;
    const place = vms[this.#vm]?.place ?? '';
    const deadline = stepAt + DEFAULT_TIMEOUTS_MS[stepOf(place) as keyof StepTimeouts];
    world.lane.clock.increment(Math.max(0, deadline - world.lane.clock.now() - 1));
    (vms[this.#vm] as Expected).isLate = true;
    await check.still();
  }

  toString(): string {
    return `vm ${this.#vm} is almost too late`;
  }
}

/** Its user gives it up in the moment in which something happens. Whichever is first, it ends. */
class GivenUpWhile implements Command {
  readonly #vm: number;
  readonly #happening: Happening;

  constructor(vm: number, happening: Happening) {
    this.#vm = vm;
    this.#happening = happening;
  }

  check(model: Readonly<LivesModel>): boolean {
    const place = model.vms[this.#vm]?.place ?? '';
    const move = moveOf(model, this.#vm, this.#happening);
    return move !== undefined && move.to !== 'failed' && !ENDS.has(place);
  }

  async run(model: LivesModel, real: Lives): Promise<void> {
    const { world, check } = real.vms[this.#vm] as RealVm;
    const move = moveOf(model, this.#vm, this.#happening) as Move;
    // A step that gets through in the end is not over before its last gate: it is asked for, and not waited for.
    void bringAbout(world, move.from, move.happening);
    await world.dispose();
    make(model, this.#vm, { ...move, to: 'disposing' });
    await check.gone();
  }

  toString(): string {
    return `vm ${this.#vm} is given up while it ${this.#happening}`;
  }
}

/** Random interleavings of what may happen to several VMs, of time, and of those who give up. */
export function commandsFor(count: number): fc.Arbitrary<Iterable<Command>> {
  const vm = fc.nat({ max: count - 1 });
  // What leads on is drawn more often than what ends all.
  const onward = ['succeeds', 'succeeds', 'succeeds', 'pauseEnds', 'pauseEnds', 'failsSafely'] as const;
  const happening = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom<Happening>(...onward) },
    { weight: 1, arbitrary: fc.constantFrom<Happening>(...HAPPENINGS) },
  );
  const one = fc.tuple(vm, happening);
  return fc.commands(
    [
      ...Array.from({ length: 6 }, () => one.map((what) => new Happens(what))),
      fc.tuple(happening, happening).map(([mine, other]) => new Happens([0, mine], [1, other])),
      vm.map((which) => new AlmostTooLate(which)),
      one.map(([which, what]) => new GivenUpWhile(which, what)),
    ],
    { size: '+2', maxCommands: 100 },
  );
}

/** Nothing has happened yet. */
export const unborn = (of: VariantName, count: number): LivesModel => ({
  of,
  vms: Array.from({ length: count }, () => ({
    place: firstPlace(VARIANTS[of]),
    isLate: false,
    moves: [],
  })),
});

/** Ends what is left as users would, and looks that nothing is. */
export async function endAll(model: LivesModel, real: Lives): Promise<void> {
  const isOf = (isFailed: boolean) => (vm: number) => (model.vms[vm]?.place === 'failed') === isFailed;
  const all = [...model.vms.keys()];
  for (const vm of [...all.filter(isOf(false)), ...all.filter(isOf(true))]) {
    const place = () => model.vms[vm]?.place ?? '';
    if (place() !== 'disposing' && !isDone(place())) await new Happens([vm, 'dispose']).run(model, real);
    if (!isDone(place())) await new Happens([vm, 'succeeds']).run(model, real);
  }
}
