import type { Finding } from '../drivers/driver.ts';
import { type Flags, optionsOf } from './flags.ts';
import { type Io, UsageError } from './io.ts';

const MARKS: Readonly<Record<Finding['level'], string>> = { ok: 'ok', warning: 'note', error: 'BAD' };

/** `vzvm doctor`: answers whether a VM can boot here. */
export async function doctor(words: readonly string[], flags: Flags, io: Io): Promise<boolean> {
  if (words.length > 0) throw new UsageError(`doctor: ${words[0]} is one word too many`);
  await using substrate = io.substrate(optionsOf(flags, io));
  const findings = await substrate.check({ signal: io.signal });
  if (flags.json) io.out(JSON.stringify(findings));
  else for (const line of findings.flatMap(linesOf)) io.out(line);
  return findings.every(({ level }) => level !== 'error');
}

function linesOf({ level, subject, message, fix }: Finding): string[] {
  const line = `${MARKS[level].padEnd(5)} ${subject}: ${message}`;
  return fix === undefined ? [line] : [line, `      ${fix}`];
}
