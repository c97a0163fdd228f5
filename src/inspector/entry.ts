import type { Held } from './convert.ts';
import type { InspectorRecord } from './records.ts';

/** Something that happened. Made a record when somebody wants to see it: most of the time nobody does. */
export interface Entry {
  /** Number within its VM. */
  seq: number;
  /** Number among all that the recorder has seen. */
  readonly n: number;
  readonly at: number;
  held: Held | undefined;
  record: InspectorRecord | undefined;
}
