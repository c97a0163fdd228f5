export { EdgeCoverage } from './coverage.ts';
export { modelPaths, readPath, samplePaths, writePath } from './paths.ts';
export type { ModelPath, VariantName } from './paths.ts';
export type { Move } from './promises.ts';
export { ModelError, replay } from './replay.ts';
export type { ReplayOptions } from './replay.ts';
export type { Happening } from './spec.ts';
export type { ModelSubject } from './stage.ts';
