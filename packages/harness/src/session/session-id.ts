import { HarnessError } from '../errors.ts';
import { kernelRandom } from '../random.ts';

/** Also a folder's name and a part of a URL: nothing but these, and neither "." nor "..". */
const PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The id of a new session: the client's own when it is safe to use, else a new one. */
export function sessionIdFrom(wanted: string | undefined): string {
  if (wanted === undefined) return `sess_${kernelRandom(6).toString('hex')}`;
  if (PATTERN.test(wanted)) return wanted;
  throw new HarnessError(
    'VALIDATION',
    400,
    'sessionId must begin with a letter or digit and hold at most 128 letters, digits, dots, dashes and underscores',
  );
}
