import { parseArgs } from 'node:util';
import { unknownName } from '@computeragent/protocol/nearest';
import { UsageError } from './io.ts';

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

const OPTIONS = {
  message: { type: 'string', short: 'm' },
  harness: { type: 'string', short: 'h' },
  loader: text,
  model: text,
  'base-url': text,
  env: { type: 'string', multiple: true },
  'permission-mode': { type: 'string', default: 'default' },
  'max-turns': text,
  approve: text,
  'session-id': text,
  store: text,
  raw: flag,
  'harness-url': text,
  'token-stdin': flag,
  runtime: text,
  base: text,
  level: text,
  turn: text,
  'permission-turn': text,
  json: flag,
  help: flag,
} as const;

const NAMES = Object.keys(OPTIONS).map((name) => `--${name}`);

/** What the command line says, besides the words. */
export type Flags = ReturnType<typeof parse>['values'];

/** @throws UsageError for a flag that nothing knows, with the nearest one. */
export function parse(argv: readonly string[]) {
  const args = [...argv];
  const loose = parseArgs({ args, options: OPTIONS, allowPositionals: true, strict: false, tokens: true });
  for (const token of loose.tokens) {
    if (token.kind === 'option' && !Object.hasOwn(OPTIONS, token.name)) {
      throw new UsageError(unknownName('flag', token.rawName, NAMES));
    }
  }
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** One of a few words. */
export function oneOf<T extends string>(flagName: string, value: string, words: readonly T[]): T {
  const word = words.find((each) => each === value);
  if (word === undefined) throw new UsageError(unknownName(`value of --${flagName}`, value, words));
  return word;
}
