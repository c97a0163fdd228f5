export type { ProgressClock } from './clock.ts';
export type { StepFacts } from './slow.ts';
export { Timeline, type TimelineEntry } from './timeline.ts';
export { createTerminalProgress, type TerminalProgress, type TerminalProgressOptions } from './terminal.ts';
export { ProgressTracker } from './tracker.ts';
export type { Progress, ProgressStep, ProgressWork, SlowStep } from './types.ts';
