import { VzvmError } from '../errors.ts';

/**
 * One argument for a POSIX shell, whatever it contains.
 * @throws VzvmError OPTION_INVALID for a NUL, which no argument can hold.
 */
export function quote(argument: string): string {
  if (argument.includes('\0')) {
    throw new VzvmError('OPTION_INVALID', 'a value for the guest contains a NUL character', {
      hint: 'remove the NUL character',
    });
  }
  if (/^[\w@%+:,./-]+$/.test(argument)) return argument;
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}

/** A recipe as one command that any login shell hands to `sh` unchanged. Stops at the first failure. */
export function script(...parts: readonly string[]): string {
  return `exec sh -c ${quote(['set -eu', ...parts].join('\n'))}`;
}

/** Node installed without root lives beside the harness; it comes first. */
export function nodePathLine(directory: string): string {
  return `PATH=${quote(`${directory}/node/bin`)}:/usr/local/bin:$PATH; export PATH`;
}

/** Makes Node and npm trust the host's extra certificates. */
export function nodeTrustLine(caFile: string | undefined): string {
  return caFile === undefined ? ':' : `NODE_EXTRA_CA_CERTS=${quote(caFile)}; export NODE_EXTRA_CA_CERTS`;
}

/** `as_root COMMAND…` runs as root, or fails at once instead of asking for a password. */
export const AS_ROOT = `as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }`;
