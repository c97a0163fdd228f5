import { endsTurn, type HarnessEvent } from '@computeragent/protocol';

/** Whether an event ends its turn while the session goes on: the engine's `result`, or what stands for one. */
export function isResult(event: HarnessEvent): boolean {
  return event.kind === 'sdk_message' && endsTurn(event.payload);
}
