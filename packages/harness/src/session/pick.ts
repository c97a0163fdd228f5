import type { WireErrorCode } from '@computeragent/protocol';
import { HarnessError } from '../errors.ts';

/** The one with this name. Throws a rejection that says which there are. */
export function pick<T extends { readonly name: string }>(
  all: readonly T[],
  name: string,
  noun: string,
  code: WireErrorCode,
): T {
  const found = all.find((item) => item.name === name);
  if (found) return found;
  const available = all.map((item) => item.name);
  throw new HarnessError(code, 400, `unknown ${noun} ${name}`, { details: { available } });
}
