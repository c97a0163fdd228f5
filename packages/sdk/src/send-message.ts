import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { UserMessage } from '@computeragent/protocol';
import type { HarnessClient } from './client.ts';
import { HarnessConnectionError, HarnessProtocolError } from './errors.ts';
import type { Reconnect } from './options.ts';
import { abortable } from './wait.ts';

/** Who is sent to. */
export interface Recipient {
  readonly client: HarnessClient;
  readonly id: string;
  readonly isResendable: boolean;
  readonly reconnect: Required<Reconnect>;
}

/**
 * Sends a message so that it arrives at most once: where nobody answers, it may have arrived or not, and it is sent again
 * only to a harness that has said that it would know it.
 */
export async function sendMessage(
  { client, id, isResendable, reconnect }: Recipient,
  message: UserMessage,
  signal: AbortSignal,
): Promise<void> {
  const key = randomUUID();
  for (let failures = 0; ; failures += 1) {
    try {
      return await client.message(id, message, key, signal);
    } catch (error) {
      const isOver = !isResendable || failures >= reconnect.attempts;
      if (isOver || signal.aborted || !isSilence(error)) throw error;
    }
    await abortable(sleep(reconnect.pauseMs * 2 ** failures, undefined, { signal }), signal);
  }
}

/** True for the harness's own word: what it rejects, it has not taken. */
export function isRejection(error: unknown): error is HarnessProtocolError {
  return error instanceof HarnessProtocolError && !isProxys(error);
}

const isSilence = (error: unknown): boolean =>
  error instanceof HarnessConnectionError || (error instanceof HarnessProtocolError && isProxys(error));

/** What stands between says that it had no answer, not that nobody was asked. */
const isProxys = ({ status }: HarnessProtocolError): boolean => status === 502 || status === 504;
