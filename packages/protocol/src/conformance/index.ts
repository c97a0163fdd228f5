export type { ConformanceCheck, ConformanceLevel } from './check.ts';
export { ConformanceError } from './expect.ts';
export { conformanceChecks, runConformanceCheck, runConformanceSuite } from './suite.ts';
export type { ConformanceOptions, ConformanceReport, ConformanceResult, TargetSource } from './suite.ts';
export { httpTarget } from './target.ts';
export type { ConformanceTarget, HttpTargetOptions } from './target.ts';
