import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { AuditRecord, AuditSink } from './init.ts';

/** Tells the sink. What goes wrong there is the sink's trouble, not the session's. */
export function audited(sink: AuditSink, record: AuditRecord, log: Log): void {
  const failed = (error: unknown): void =>
    log('audit.failed', {
      sessionId: record.sessionId,
      eventId: record.eventId,
      message: messageOf(error),
    });
  try {
    Promise.resolve(sink.onEvent(record)).catch(failed);
  } catch (error) {
    failed(error);
  }
}
