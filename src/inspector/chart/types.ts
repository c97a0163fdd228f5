/** A point of the drawing, in its own units. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A rectangle of the drawing. */
interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** One state, and where it is drawn. */
export interface ChartNode extends Box {
  /** As the chart's own events and snapshots name it: `vm.alive.cloning`. */
  readonly id: string;
  readonly key: string;
  /** Id of the state that it is in; null for the chart itself. */
  readonly parent: string | null;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final';
  /** Id of the state that is entered with it. */
  readonly initial?: string;
  /** Where the way into that state is drawn from. */
  readonly start?: Point;
  /** What it is called where people read it. */
  readonly title?: string;
  readonly description: string;
  readonly tags: readonly string[];
  /** What runs while it is active. */
  readonly invokes: readonly string[];
}

/** One transition of the chart. */
export interface ChartTransition {
  /** Id of the state that takes it. */
  readonly source: string;
  /** As the chart names it; empty for one that needs no event. */
  readonly event: string;
  /** Id of the state that it leads to. */
  readonly target: string;
  readonly guard?: string;
  /** The event and the guard in few words. */
  readonly label: string;
}

/** A text of the drawing. */
interface ChartLabel extends Box {
  readonly text: string;
}

/**
 * A line of the drawing. Lines stay between siblings: one that leaves a state for another far away begins at the
 * outermost state that it leaves, so that it stands for the same transition of all states in there.
 */
export interface ChartEdge {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  /** The first line of what it says; empty for the way into an initial state. */
  readonly label: string;
  readonly labels: readonly ChartLabel[];
  readonly points: readonly Point[];
  readonly transitions: readonly ChartTransition[];
}

/** A statechart with the places of its states. Plain JSON. */
export interface Chart {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  /** Parents before their children. */
  readonly nodes: readonly ChartNode[];
  readonly edges: readonly ChartEdge[];
}
