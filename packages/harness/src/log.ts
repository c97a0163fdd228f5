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

/** A log of JSON lines. Secrets are redacted after the line is made, so that no field can slip past. */
export function createLog(write: (line: string) => void, redact: Redact): Log {
  return (event, fields = {}) =>
    write(`${redact(JSON.stringify({ time: new Date().toISOString(), event, ...fields }))}\n`);
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
