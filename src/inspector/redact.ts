import { HIDDEN, isSecretKey, maskPatterns } from './secret-patterns.ts';
import type { Json } from './records.ts';

/** What a value belongs to: the first word of its path. */
export type Part =
  'context' | 'input' | 'output' | 'error' | 'event' | 'params' | 'definition' | 'log' | 'facts';

/**
 * Your own say in what is shown: called with each value before the defaults are, with its path (`context.address`,
 * `event.output[0]`). Answers what is shown instead. One that throws hides the value.
 */
export type Redact = (path: string, value: unknown) => unknown;

const DEEPEST = 24;
const LONGEST_TEXT = 16_384;
const MOST_ITEMS = 500;
/** A shorter one is hidden only where it stands alone: it may be a word of everyday use. */
const SHORTEST_IN_TEXT = 6;
const SHORTEST_LINE = 16;

/** Makes plain JSON of anything, without what is secret: by name, by its looks, and by its value where that is known. */
export class Redactor {
  readonly #hook: Redact | undefined;
  /** Made for the first one: many a VM has none. */
  #known: Set<string> | undefined;
  #pattern: RegExp | undefined;

  constructor(hook?: Redact) {
    this.#hook = hook;
  }

  /** Hides these values from now on, wherever they show up, also written as in URLs, JSON or Base64. */
  hide(values: Iterable<string | undefined>): void {
    for (const value of values) {
      if (value === undefined || value === '' || this.#known?.has(value)) continue;
      this.#known ??= new Set();
      this.#known.add(value);
      this.#pattern = undefined;
    }
  }

  /** A value as it may be shown. Never throws. */
  plain(part: Part, value: unknown): Json {
    return this.#plain(part, value, []);
  }

  /** A text as it may be shown. */
  text(text: string): string {
    if (this.#known?.has(text)) return HIDDEN;
    this.#pattern ??= patternOf(this.#known ?? []);
    // First by value: a cut or a pattern may leave half of one.
    const masked = text.replace(this.#pattern, HIDDEN);
    return maskPatterns(masked.length > LONGEST_TEXT ? `… ${masked.slice(-LONGEST_TEXT)}` : masked);
  }

  /** A line as it may be shown: of a log, or what `path` says. */
  line(line: string, path = 'log'): string {
    const shown = this.#plain(path, line, []);
    return typeof shown === 'string' ? shown : JSON.stringify(shown);
  }

  #plain(path: string, given: unknown, above: readonly unknown[]): Json {
    try {
      const value = this.#hook ? this.#hook(path, given) : given;
      if (typeof value === 'string') return this.text(value);
      if (typeof value !== 'object' || value === null) return simple(value);
      if (above.includes(value) || above.length > DEEPEST) return '…';
      return this.#object(path, value, [...above, value]);
    } catch {
      return HIDDEN; // What cannot be read cannot be judged.
    }
  }

  #object(path: string, value: object, above: readonly unknown[]): Json {
    if (value instanceof Error) return this.#error(path, value, above);
    if (value instanceof Date) return value.toISOString();
    if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
    if ('sessionId' in value && 'send' in value) return { actor: String(value.sessionId) };
    if (value instanceof Map || value instanceof Set) return this.#object(path, [...value], above);
    if (Array.isArray(value)) {
      return value.slice(0, MOST_ITEMS).map((each, index) => this.#plain(`${path}[${index}]`, each, above));
    }
    return this.#fields(path, Object.entries(value), above);
  }

  #error(path: string, error: Error, above: readonly unknown[]): Json {
    const { name, message } = error;
    // Not its stack: paths of this machine help nobody here.
    return this.#fields(path, [['name', name], ['message', message], ...Object.entries(error)], above);
  }

  #fields(path: string, entries: readonly (readonly [string, unknown])[], above: readonly unknown[]): Json {
    const isEnvironment = /(^|\.)env(s|ironment)?$/i.test(path);
    const shown = entries.slice(0, MOST_ITEMS).map(([key, value]) => {
      const isHidden = (isEnvironment || isSecretKey(key)) && value !== null && value !== undefined;
      return [this.text(key), isHidden ? HIDDEN : this.#plain(`${path}.${key}`, value, above)] as const;
    });
    return Object.fromEntries(shown);
  }
}

function simple(value: unknown): Json {
  if (value === undefined || value === null) return null;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'function') return `ƒ ${value.name}`;
  return typeof value === 'bigint' ? `${value}n` : typeof value;
}

/** Finds any of these values, the longest first: one may be a part of another. */
function patternOf(values: Iterable<string>): RegExp {
  const forms = [...values]
    .flatMap((value) => [value, ...value.split('\n').filter((line) => line.length >= SHORTEST_LINE)])
    .flatMap(formsOf)
    .filter((form) => form.length >= SHORTEST_IN_TEXT);
  const longestFirst = [...new Set(forms)].toSorted((one, other) => other.length - one.length);
  return new RegExp(longestFirst.length === 0 ? '(?!)' : longestFirst.map(escaped).join('|'), 'g');
}

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);

const formsOf = (value: string): readonly string[] => [
  value,
  encodeURIComponent(value.toWellFormed()),
  JSON.stringify(value).slice(1, -1),
  Buffer.from(value).toString('base64').replace(/=+$/, ''),
  Buffer.from(value).toString('base64url'),
];
