/** A span of time. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What of the width a long rest may take: whoever looks wants to see the work around it. */
const REST_SHARE = 0.16;

/**
 * Places moments on a line from 0 to 1. Of a rest that is longer than the work around it only a piece is drawn: it would
 * press all else into nothing.
 */
export class TimeScale {
  readonly span: Span;
  /** The rest that is drawn shorter than it was. */
  readonly cut: Span | undefined;
  readonly #work: number;

  constructor(span: Span, rest: Span | undefined) {
    this.span = span;
    const restMs = rest ? rest.to - rest.from : 0;
    const workMs = Math.max(1, span.to - span.from - restMs);
    const isLong = rest !== undefined && restMs > (workMs / (1 - REST_SHARE)) * REST_SHARE;
    this.cut = isLong ? rest : undefined;
    this.#work = isLong ? workMs : Math.max(1, span.to - span.from);
  }

  at(moment: number): number {
    const clamped = Math.min(this.span.to, Math.max(this.span.from, moment));
    const { cut } = this;
    if (!cut) return (clamped - this.span.from) / this.#work;
    const before = Math.min(clamped, cut.from) - this.span.from;
    const after = Math.max(0, clamped - cut.to);
    const within = Math.min(1, Math.max(0, (clamped - cut.from) / (cut.to - cut.from)));
    return ((before + after) / this.#work) * (1 - REST_SHARE) + within * REST_SHARE;
  }

  /** Round distances from the beginning, some of them to be drawn. */
  ticks(most: number): readonly number[] {
    const end = this.cut ? this.cut.from : this.span.to;
    const span = Math.max(1, end - this.span.from);
    const step = [1, 2, 5]
      .flatMap((digit) => [0, 1, 2, 3, 4, 5, 6].map((power) => digit * 10 ** power))
      .toSorted((one, other) => one - other)
      .find((each) => span / each <= most);
    if (step === undefined) return [];
    return Array.from({ length: Math.floor(span / step) + 1 }, (_, index) => index * step);
  }
}
