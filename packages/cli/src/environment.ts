import type { Flags } from './flags.ts';
import { type Io, UsageError } from './io.ts';

/** Handed on by themselves: what models and private repositories need. */
const FORWARDED = [
  'ANTHROPIC_API_KEY',
  'OPENAI_API_KEY',
  'GEMINI_API_KEY',
  'GROQ_API_KEY',
  'DEEPSEEK_API_KEY',
  'GITHUB_TOKEN',
  'GIT_TOKEN',
];

/** The agent's environment: by name, so that no value stands on a command line. */
export function environmentOf({ env: names = [] }: Flags, { env }: Io): Record<string, string> {
  for (const name of names) {
    if (name.includes('=')) throw new UsageError('--env takes the name of a variable, and never its value');
    if (env[name] === undefined) throw new UsageError(`--env ${name}: there is no such variable`);
  }
  const all = [...FORWARDED, ...names].map((name) => [name, env[name]] as const);
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
