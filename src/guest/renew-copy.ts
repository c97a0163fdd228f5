import { END_LOGINS } from './end-logins-script.ts';
import { RENEW_FILES, RENEW_INPUT, RENEW_KERNEL, RENEW_ORDER } from './renew-script.ts';
import { AS_ROOT, quote, script } from './shell.ts';

/** What {@link renewCopyCommand}'s command prints last when all of it was done. */
export const RENEWED = 'renewed and alone';

/**
 * Gives the copy of a machine that runs an identity of its own, which comes over standard input alone, and ends the
 * logins that it was copied with.
 */
export function renewCopyCommand({ user }: { readonly user: string }): string {
  const last = `end_logins();\nprint "${RENEWED}\\n";`;
  const program = ['use strict;', RENEW_INPUT, RENEW_FILES, RENEW_KERNEL, END_LOGINS, RENEW_ORDER, last];
  return script(AS_ROOT, `as_root perl -e ${quote(program.join('\n'))} ${quote(user)}`);
}
