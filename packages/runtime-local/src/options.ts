import { nearest } from '@computeragent/protocol/nearest';
import { LocalSubstrateError } from './errors.ts';

/** Options of {@link LocalSubstrate}. Every one is optional. */
export interface LocalSubstrateOptions {
  /** The harness: a program for Node that takes `--config-stdin`. @defaultValue this project's harness */
  readonly bundlePath?: string | undefined;
  /** The Node that runs it. @defaultValue the one that runs this program */
  readonly nodePath?: string | undefined;
  /** Pause between two looks whether it answers. @defaultValue 200 ms */
  readonly readinessPollMs?: number | undefined;
  /** How long it may take until it answers. @defaultValue 30 s */
  readonly readinessTimeoutMs?: number | undefined;
  /** How long it may take to end by itself; then it is ended by force. @defaultValue 5 s */
  readonly shutdownGraceMs?: number | undefined;
  /**
   * The harness's own environment: where it finds git, its proxy, the home folder. An agent's engine is given the part
   * that it needs, and what is in `envs`. @defaultValue this program's environment
   */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** How many sessions a harness has at most, as a whole number; ended ones give way to new ones. @defaultValue 256 */
  readonly maxSessions?: number | undefined;
  /** Receives the harness's log, line by line. @defaultValue writes to standard error */
  readonly onLog?: ((line: string) => void) | undefined;
  /** Ends every boot and every harness of this substrate. */
  readonly signal?: AbortSignal | undefined;
}

/** The options with their defaults. */
export interface Settings {
  readonly bundlePath: string | undefined;
  readonly nodePath: string;
  readonly readinessPollMs: number;
  readonly readinessTimeoutMs: number;
  readonly shutdownGraceMs: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Undefined: as many as the harness has by itself. */
  readonly maxSessions: number | undefined;
  readonly onLog: (line: string) => void;
}

/** Longer waits overflow Node's timers. */
const MOST_MS = 2 ** 31 - 1;
const DURATIONS = ['readinessPollMs', 'readinessTimeoutMs', 'shutdownGraceMs'] as const;
const NAMES = [...DURATIONS, 'bundlePath', 'nodePath', 'env', 'maxSessions', 'onLog', 'signal'];

/** @throws LocalSubstrateError OPTION_INVALID that names the option, its value and the nearest valid name. */
export function settingsOf(options: LocalSubstrateOptions): Settings {
  for (const name of Object.keys(options)) if (!NAMES.includes(name)) throw unknownOption(name);
  for (const name of DURATIONS) checkDuration(name, options[name]);
  checkMaxSessions(options.maxSessions);
  return {
    bundlePath: options.bundlePath,
    nodePath: options.nodePath ?? process.execPath,
    readinessPollMs: options.readinessPollMs ?? 200,
    readinessTimeoutMs: options.readinessTimeoutMs ?? 30_000,
    shutdownGraceMs: options.shutdownGraceMs ?? 5_000,
    env: options.env ?? process.env,
    maxSessions: options.maxSessions,
    onLog: options.onLog ?? ((line) => void process.stderr.write(`${line}\n`)),
  };
}

function unknownOption(name: string): LocalSubstrateError {
  const near = nearest(name, NAMES);
  return new LocalSubstrateError('OPTION_INVALID', `unknown option ${name}`, {
    facts: { option: name, nearest: near },
    hint: near === undefined ? `the options are ${NAMES.join(', ')}` : `did you mean ${near}?`,
  });
}

function checkDuration(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isInteger(value) && value > 0 && value <= MOST_MS)) return;
  throw new LocalSubstrateError('OPTION_INVALID', `${name} is ${value}`, {
    facts: { option: name, value },
    hint: `give ${name} as a whole number of milliseconds from 1 to ${MOST_MS}`,
  });
}

function checkMaxSessions(value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 1)) return;
  throw new LocalSubstrateError('OPTION_INVALID', `maxSessions is ${value}`, {
    facts: { option: 'maxSessions', value },
    hint: 'give maxSessions as a whole number from 1',
  });
}
