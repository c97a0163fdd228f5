import { RENEW_FILES, RENEW_INPUT, RENEW_KERNEL, RENEW_ORDER } from './renew-script.ts';
import { AS_ROOT, quote } from './shell.ts';

/**
 * The program that gives a copied machine an identity of its own, for `parked.renew.command`. It is started while the
 * harness parks, says `ready`, and waits: sudo, a shell and an interpreter, which take longer to start than all of the
 * renewal, are then part of what is copied. The recipe is this folder's, as every recipe for the guest; the harness
 * knows only that there is a command, what it is fed and which words it answers with.
 *
 * It is Perl, which Debian and Ubuntu cannot be without, because it makes the system's calls itself: the renewal starts
 * no process at all. What makes up the identity comes over standard input alone.
 */
export function renewIdentityCommand({ user }: { readonly user: string }): readonly string[] {
  const program = ['use strict;', RENEW_INPUT, RENEW_FILES, RENEW_KERNEL, RENEW_ORDER].join('\n');
  return ['/bin/sh', '-c', `${AS_ROOT}\nas_root perl -e ${quote(program)} ${quote(user)}`];
}
