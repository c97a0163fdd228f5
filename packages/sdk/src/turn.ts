import type { HarnessEvent } from '@computeragent/protocol';

/** Whether an event ends its turn: the engine's `result`, or its session's end. */
export function endsTurn(event: HarnessEvent): boolean {
  if (event.kind === 'ca_session_ended') return true;
  if (event.kind !== 'sdk_message') return false;
  const payload = event.payload as { type?: unknown; subtype?: unknown } | null;
  return payload?.type === 'result' || (payload?.type === 'system' && payload.subtype === 'session_end');
}
