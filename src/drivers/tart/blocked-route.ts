import { VzvmError } from '../../errors.ts';

const CODES = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EPERM']);

/** Whether the system has refused the way to a guest that has an address: macOS does so to programs that were not permitted. */
export function isBlocked(error: unknown): boolean {
  const cause = error instanceof VzvmError ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && CODES.has(String(cause.code));
}

/** The same error, with what to do about it. */
export function explainBlocked(error: unknown, guest: string): VzvmError {
  return new VzvmError('DIAL_FAILED', `there is no route to ${guest}, though it has an address`, {
    facts: { guest },
    retry: 'safe',
    cause: error,
    hint: 'on macOS 15 and newer: allow this program under System Settings > Privacy & Security > Local Network, or run it from Terminal or over SSH; images with the Tart guest agent need neither',
  });
}
