import type { ErrorEnvelope } from '@computeragent/protocol';
import type { ErrorHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { HarnessError, messageOf, systemCode } from '../errors.ts';
import type { Log } from '../log.ts';

/** What the file system says, in words of the wire. A path of the machine is not among them. */
const SYSTEM: Readonly<Record<string, HarnessError>> = {
  ENOENT: new HarnessError('NOT_FOUND', 404, 'file not found'),
  ENOTDIR: new HarnessError('NOT_FOUND', 404, 'a part of the path is not a folder'),
  EISDIR: new HarnessError('VALIDATION', 400, 'the path is a folder'),
  ENXIO: new HarnessError('VALIDATION', 400, 'the path is not a file'),
  ENAMETOOLONG: new HarnessError('VALIDATION', 400, 'the path is too long'),
  EEXIST: new HarnessError('CONFLICT', 409, 'the path exists already'),
  ENOTEMPTY: new HarnessError('CONFLICT', 409, 'the folder is not empty'),
  EBUSY: new HarnessError('CONFLICT', 409, 'the path is in use'),
  ELOOP: new HarnessError('PATH_ESCAPE', 400, 'the path leaves the working directory'),
  ENOSPC: new HarnessError('HTTP_EXCEPTION', 507, 'there is no room left on the disk'),
  EDQUOT: new HarnessError('HTTP_EXCEPTION', 507, 'there is no room left on the disk'),
  EPERM: new HarnessError('FORBIDDEN', 403, 'the agent may not do that to the path'),
  EROFS: new HarnessError('FORBIDDEN', 403, 'the path cannot be written to'),
  EACCES: new HarnessError('FORBIDDEN', 403, 'the agent may not do that to the path'),
};

/** Turns whatever a route threw into the error envelope. */
export function rejectWith(log: Log): ErrorHandler {
  return (error, context) => {
    const { status, body } = envelopeOf(error);
    if (status >= 500) log('http.error', { path: context.req.routePath, message: messageOf(error) });
    return context.json(body, status);
  };
}

function envelopeOf(error: unknown): { status: ContentfulStatusCode; body: ErrorEnvelope } {
  const known = error instanceof HarnessError ? error : SYSTEM[systemCode(error) ?? ''];
  if (known) {
    const { code, status, message, details } = known;
    return { status, body: { error: { code, message, ...(details === undefined ? {} : { details }) } } };
  }
  if (error instanceof HTTPException) {
    return { status: error.status, body: { error: { code: 'HTTP_EXCEPTION', message: error.message } } };
  }
  // The harness's log has the reason: a raw message can hold paths and addresses.
  return {
    status: 500,
    body: { error: { code: 'INTERNAL', message: 'the harness failed; its log says why' } },
  };
}
