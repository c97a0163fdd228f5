import { modelPaths, type ModelPath, readPath, samplePaths, writePath } from '../../src/testing/paths.ts';
import type { ModelSubject } from '../../src/testing/stage.ts';

const { VZVM_PATH, VZVM_SEED = '1', VZVM_RUNS = '3' } = process.env;

/** How the sample is drawn again: it stands in the names of tests. */
export const DRAWN = `VZVM_SEED=${VZVM_SEED} VZVM_RUNS=${VZVM_RUNS}`;

/** Lines of lives that are always lived, from an image that has nothing, and from one that has everything. */
export interface Always {
  readonly bare: readonly string[];
  readonly prepared: readonly string[];
}

/** A life, from which image. */
export interface Life {
  readonly path: ModelPath;
  readonly isPrepared: boolean;
}

/** The lives that are always lived, and of each kind some more that are drawn from those of the model; or one alone. */
export function livesOf(
  subject: Partial<ModelSubject>,
  { bare, prepared }: Always,
  count: number = Number(VZVM_RUNS),
): readonly (readonly [line: string, life: Life])[] {
  const alone = VZVM_PATH === undefined ? undefined : [VZVM_PATH];
  return [false, true].flatMap((isPrepared) => {
    const own = { ...subject, isPrepared };
    const isOfKind = (line: string) => line.includes('findsAllPrepared') === isPrepared;
    const always = (alone?.filter(isOfKind) ?? (isPrepared ? prepared : bare)).map((line) =>
      readPath(line, own),
    );
    const drawn = alone ? [] : samplePaths(modelPaths(own).filter(isFar), { count, seed: Number(VZVM_SEED) });
    return [...always, ...drawn].map((path) => [writePath(path), { path, isPrepared }] as const);
  });
}

/** It comes to where only guests come that have a Linux. */
const isFar = ({ moves }: ModelPath): boolean =>
  moves.some(({ to }) => /^(npm-install|spawn|healthy)/.test(to));
