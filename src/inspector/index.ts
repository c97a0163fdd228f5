export type * from './records.ts';
export { GrowingPath } from './path.ts';
export { Recorder } from './recorder.ts';
export { Redactor } from './redact.ts';
export type { VmFacts } from './vm-recorder.ts';
