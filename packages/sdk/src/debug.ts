import type { HarnessEvent } from '@computeragent/protocol';

/** Writes a line to standard error for each event; undefined where nobody wants them. */
export function eventLogger(option: boolean | undefined): ((event: HarnessEvent) => void) | undefined {
  if (!(option ?? process.env['COMPUTERAGENT_LOG'] === 'debug')) return undefined;
  const line = process.env['COMPUTERAGENT_LOG_FORMAT'] === 'json' ? jsonLine : prettyLine;
  return (event) => void process.stderr.write(`${line(event)}\n`);
}

// Its kind, never its content, which may hold anything.
const prettyLine = (event: HarnessEvent): string =>
  [event.sessionId, event.kind, detailOf(event)].join(' ').trim();

function jsonLine(event: HarnessEvent): string {
  const { sessionId, kind } = event;
  const detail = detailOf(event);
  return JSON.stringify({
    t: new Date().toISOString(),
    level: 'debug',
    event: kind,
    sessionId,
    ...(detail === '' ? {} : { detail }),
  });
}

function detailOf(event: HarnessEvent): string {
  if (event.kind === 'ca_permission_request') return event.toolName;
  if (event.kind === 'ca_session_ended') return event.reason;
  if (event.kind !== 'sdk_message') return '';
  const type = (event.payload as { type?: unknown } | null)?.type;
  return typeof type === 'string' ? type : '';
}
