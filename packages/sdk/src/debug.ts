import type { HarnessEvent } from '@computeragent/protocol';

/** Whether events are written to standard error. */
export function isDebug(option: boolean | undefined): boolean {
  return option ?? process.env['COMPUTERAGENT_LOG'] === 'debug';
}

/** Writes a line for each event that passes: its kind, never its content, which may hold anything. */
export async function* logged(
  events: AsyncGenerator<HarnessEvent, void>,
): AsyncGenerator<HarnessEvent, void> {
  for await (const event of events) {
    process.stderr.write(`${event.sessionId} ${event.kind}${detailOf(event)}\n`);
    yield event;
  }
}

function detailOf(event: HarnessEvent): string {
  if (event.kind === 'ca_permission_request') return ` ${event.toolName}`;
  if (event.kind === 'ca_session_ended') return ` ${event.reason}`;
  if (event.kind !== 'sdk_message') return '';
  const type = (event.payload as { type?: unknown } | null)?.type;
  return typeof type === 'string' ? ` ${type}` : '';
}
