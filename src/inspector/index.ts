export type * from './records.ts';
export { GrowingPath } from './path.ts';
export { Recorder } from './recorder.ts';
export { type Redact, Redactor } from './redact.ts';
export { Inspector } from './inspector.ts';
export { InspectorServer } from './server/server.ts';
export { toStately } from './stately/map.ts';
export type { VmFacts } from './vm-recorder.ts';
