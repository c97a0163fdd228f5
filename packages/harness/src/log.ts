/** Writes one line of the harness's log. */
export type Log = (event: string, fields?: Readonly<Record<string, unknown>>) => void;

/** Replaces secrets in a text. */
export type Redact = (text: string) => string;

const SHORTEST_SECRET = 6;

/** A redaction of exactly these values. Shorter ones are left: they would hide half of every line and guard nothing. */
export function redaction(values: Iterable<string>): Redact {
  const secrets = [...values].filter((value) => value.length >= SHORTEST_SECRET);
  const spellings = new Set(secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]));
  // Longest first, so that a secret that holds another one is hidden as a whole.
  const ordered = [...spellings].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((masked, secret) => masked.replaceAll(secret, '***'), text);
}

/** Secrets of which more become known while the harness runs. */
export class Secrets {
  #values: readonly string[] = [];
  #redact: Redact = (text) => text;

  /** From now on these are hidden, too. */
  add(values: Iterable<string>): void {
    this.#values = [...this.#values, ...values];
    this.#redact = redaction(this.#values);
  }

  readonly redact: Redact = (text) => this.#redact(text);
}

/** Where a log goes, and what its reader wants of it. */
export interface LogInit {
  readonly write: (line: string) => void;
  readonly redact: Redact;
  /** `COMPUTERAGENT_LOG` and `COMPUTERAGENT_LOG_FORMAT` of it are looked up with each line: they may come late. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** For a person: without a word about the format, lines are made to be read. */
  readonly isTerminal?: boolean;
}

/** A log of lines. Secrets are redacted after the line is made, so that no field can slip past. */
export function createLog({ write, redact, env = {}, isTerminal = false }: LogInit): Log {
  return (event, fields = {}) => {
    const level = levelOf(event);
    if (LEVELS.indexOf(level) < LEVELS.indexOf(wantedLevel(env))) return;
    const format = env['COMPUTERAGENT_LOG_FORMAT'] ?? (isTerminal ? 'pretty' : 'json');
    const line = format === 'pretty' ? prettyLine(level, event, fields) : jsonLine(level, event, fields);
    write(`${redact(line)}\n`);
  };
}

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
type Level = (typeof LEVELS)[number];

function wantedLevel(env: NonNullable<LogInit['env']>): Level {
  return LEVELS.find((level) => level === env['COMPUTERAGENT_LOG']) ?? 'info';
}

/** What the name of an event says of its weight. */
function levelOf(event: string): Level {
  if (/(?:^|[._-])(?:failed|error|lost|out|unhandled)$/.test(event)) return 'error';
  return event === 'http.request' ? 'debug' : 'info';
}

type Fields = Readonly<Record<string, unknown>>;

function jsonLine(level: Level, event: string, fields: Fields): string {
  return JSON.stringify({ t: new Date().toISOString(), level, event, ...fields });
}

function prettyLine(level: Level, event: string, fields: Fields): string {
  const texts = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [new Date().toISOString().slice(11, 23), level.padEnd(5), event, ...texts].join(' ');
}

/** A log that goes nowhere. */
export const silent: Log = () => undefined;

/** The same log with more secrets to hide. */
export function redacted(log: Log, redact: Redact): Log {
  return (event, fields = {}) => {
    const masked = Object.entries(fields).map(([name, value]) => [name, mask(value, redact)]);
    log(event, Object.fromEntries(masked));
  };
}

function mask(value: unknown, redact: Redact): unknown {
  return typeof value === 'string' ? redact(value) : value;
}

/** The log of this process, on its standard error. */
export function processLog(redact: Redact): Log {
  const { env, stderr } = process;
  return createLog({ write: (line) => stderr.write(line), redact, env, isTerminal: stderr.isTTY });
}
