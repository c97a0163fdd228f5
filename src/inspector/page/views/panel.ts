import type { Store } from '../store.ts';

/** What a tab shows. It keeps its elements while another one is chosen. */
export interface Panel {
  readonly id: string;
  readonly title: string;
  readonly element: HTMLElement;
  /** Brings it up to date. Called while it is seen. */
  draw(): void;
  /** What there is to see, in few signs; empty: nothing worth a sign. */
  badge?(): string;
}

/** Makes a panel. */
export type MakePanel = (store: Store) => Panel;
