export { driverContract } from './drivers/contract.ts';
export type { ContractCheck, ContractSubject } from './drivers/contract.ts';
export { createFakeDriver } from './drivers/fake/index.ts';
export type { FakeDriver, FakeDriverOptions, FakeScript, FakeStep, FakeVerb } from './drivers/fake/index.ts';
export {
  EdgeCoverage,
  ModelError,
  modelPaths,
  readPath,
  replay,
  samplePaths,
  writePath,
} from './testing/index.ts';
export type {
  Happening,
  ModelPath,
  ModelSubject,
  Move,
  ReplayOptions,
  VariantName,
} from './testing/index.ts';
