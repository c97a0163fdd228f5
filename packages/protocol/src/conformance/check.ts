import type { Probe } from './probe.ts';

/**
 * How much is asked of a server. `protocol`: what every server of the protocol does. `strict`: what this project asks of
 * one besides: safe against hostile input, and clear about whose fault an error is.
 */
export type ConformanceLevel = 'protocol' | 'strict';

/** One thing that a server must do. */
export interface ConformanceCheck {
  readonly group: string;
  readonly name: string;
  readonly level: ConformanceLevel;
  /** A message that the subject must name, or a server without a secret: else the check is left out. */
  readonly needs?: 'turn' | 'permissionTurn' | 'noSecret' | undefined;
  /** Rejects when the server does otherwise. */
  run(probe: Probe): Promise<void>;
}

type Run = (probe: Probe) => Promise<void>;

/** Checks of one group, as a table of names. */
export function checks(
  group: string,
  level: ConformanceLevel,
  table: Readonly<Record<string, Run>>,
  needs?: ConformanceCheck['needs'],
): ConformanceCheck[] {
  return Object.entries(table).map(([name, run]) => ({ group, name, level, run, needs }));
}
