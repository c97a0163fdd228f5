import type { IdentitySource } from '@computeragent/sdk';
import { UsageError } from './io.ts';

const INLINE = 'inline:';

/** The source as the SDK takes it: a folder, a git URL, or an agent that is written on the command line. */
export function sourceOf(written: string): IdentitySource | string {
  if (!written.startsWith(INLINE)) return written;
  const manifest = parse(written.slice(INLINE.length));
  return { type: 'inline', manifest };
}

function parse(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Said below: it is the same for whoever wrote it.
  }
  throw new UsageError(`${INLINE} must be followed by the agent's manifest, an object in JSON`);
}
