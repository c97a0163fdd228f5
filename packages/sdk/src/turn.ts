import type { HarnessEvent } from '@computeragent/protocol';

/** Whether an event ends its turn while the session goes on: the engine's `result`, or what stands for one. */
export function isResult(event: HarnessEvent): boolean {
  if (event.kind !== 'sdk_message') return false;
  const payload = event.payload as { type?: unknown; subtype?: unknown } | null;
  return payload?.type === 'result' || (payload?.type === 'system' && payload.subtype === 'session_end');
}
