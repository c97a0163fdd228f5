import type { Recorder } from '../recorder.ts';
import type { InspectorRecord } from '../records.ts';

/** What a page is shown: what happens now, or what was recorded. */
export type Source =
  | { readonly kind: 'live'; readonly recorder: Recorder }
  | { readonly kind: 'recording'; readonly title: string; readonly records: readonly InspectorRecord[] };
