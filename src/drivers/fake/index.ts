export { createFakeDriver } from './driver.ts';
export type { FakeDriver, FakeDriverOptions } from './driver.ts';
export type { FakeScript, FakeStep, FakeVerb } from './script.ts';
