import type { Json } from '../records.ts';

/** A duration for people: `840 ms`, `12.3 s`, `4 min 05 s`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** A deadline: round numbers without a fraction. */
export function limit(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 120_000) return `${Math.round(ms / 100) / 10} s`;
  return `${Math.round(ms / 6_000) / 10} min`;
}

/** A moment by its distance from another: `+12.345`. */
export const offset = (ms: number): string => `+${(Math.max(0, ms) / 1_000).toFixed(3)}`;

/** The time of day. */
export const clock = (at: number): string => new Date(at).toLocaleTimeString(undefined, { hour12: false });

/** A value in a few words. */
export const words = (value: Json | undefined): string =>
  typeof value === 'object' ? JSON.stringify(value) : String(value ?? '');

/** The last word of a state's id. */
export const shortState = (id: string): string => id.split('.').at(-1) ?? id;

/** The last two words of a state's id: `cloning.trying` says more than `trying`. */
export const stateName = (id: string): string => id.split('.').slice(-2).join('.').replace(/^vm\./, '');
