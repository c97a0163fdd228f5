import * as z from 'zod';
import { capabilities } from './events.ts';
import { identityMetadata } from './identity.ts';

/** Body of what was done and has nothing to tell. */
export const okResponse = z.object({ ok: z.literal(true) });
/** Body of what was done and has nothing to tell. */
export type OkResponse = z.infer<typeof okResponse>;

/** Body of `GET /v1/health`. */
export const healthResponse = z.object({
  ok: z.literal(true),
  version: z.string(),
  /** What each engine can do. */
  engines: z.record(z.string(), capabilities),
  loaders: z.array(z.string()),
  /** Kinds of session stores. Older harnesses do not say. */
  stores: z.array(z.string()).optional(),
  /** `parked`: it waits to be claimed, and does nothing else yet. Older harnesses do not say. */
  state: z.enum(['parked', 'ready']).optional(),
});
/** Body of `GET /v1/health`. */
export type HealthResponse = z.infer<typeof healthResponse>;

/** Body of a claim that succeeded: from now on the harness is whoever's token was given. */
export const claimResponse = z.object({ ok: z.literal(true), state: z.literal('ready') });
/** Body of a claim that succeeded. */
export type ClaimResponse = z.infer<typeof claimResponse>;

/** Body of a renewal that succeeded: the machine is itself, and its harness waits to be claimed by the new secret. */
export const renewResponse = z.object({ ok: z.literal(true), state: z.literal('parked') });
/** Body of a renewal that succeeded. */
export type RenewResponse = z.infer<typeof renewResponse>;

/** Body of a change of the token that succeeded: the old one is refused from now on. */
export const tokenResponse = z.object({ ok: z.literal(true), state: z.literal('ready') });
/** Body of a change of the token that succeeded. */
export type TokenResponse = z.infer<typeof tokenResponse>;

/** Body of a created session. */
export const createSessionResponse = z.object({
  sessionId: z.string(),
  engine: z.string(),
  identity: identityMetadata,
  capabilities,
  /** A path, not a URL. */
  eventsUrl: z.string(),
  /** A message that is sent again with its `Idempotency-Key` is taken once. Other harnesses do not say. */
  idempotentMessages: z.boolean().optional(),
  /** What of the identity was found and not understood. Absent when there is nothing; older harnesses do not say. */
  warnings: z.array(z.string()).optional(),
});
/** Body of a created session. */
export type CreateSessionResponse = z.infer<typeof createSessionResponse>;

/** Body of `GET /v1/sessions/:id`. */
export const sessionInfo = z.object({
  sessionId: z.string(),
  engine: z.string(),
  identity: identityMetadata,
  /** `pending`: its engine starts with the first reader of its events. */
  status: z.enum(['pending', 'running', 'completed', 'cancelled', 'errored']),
});
/** Body of `GET /v1/sessions/:id`. */
export type SessionInfo = z.infer<typeof sessionInfo>;

/** One entry of `GET /v1/sessions/:id/fs/tree`. */
export const fsTreeEntry = z.object({
  /** Relative to the folder that was asked for. */
  path: z.string(),
  type: z.enum(['file', 'dir']),
  size: z.number(),
  /** Milliseconds since the epoch. */
  mtime: z.number(),
  mode: z.number(),
});
/** One entry of `GET /v1/sessions/:id/fs/tree`. */
export type FsTreeEntry = z.infer<typeof fsTreeEntry>;

/** Body of `GET /v1/sessions/:id/fs/tree`. */
export const fsTreeResponse = z.object({
  entries: z.array(fsTreeEntry),
  /** There is more than was listed: ask for a folder below, or for less depth. */
  truncated: z.literal(true).optional(),
});
/** Body of `GET /v1/sessions/:id/fs/tree`. */
export type FsTreeResponse = z.infer<typeof fsTreeResponse>;

/** Body of `PUT /v1/sessions/:id/fs/file` that was written. */
export const fsWriteResponse = z.object({ ok: z.literal(true), size: z.int().nonnegative() });
/** Body of `PUT /v1/sessions/:id/fs/file` that was written. */
export type FsWriteResponse = z.infer<typeof fsWriteResponse>;

/** Body of `POST /v1/sessions/:id/fs/edit` that was done. */
export const fsEditResponse = z.object({ ok: z.literal(true), replacements: z.int().positive() });
/** Body of `POST /v1/sessions/:id/fs/edit` that was done. */
export type FsEditResponse = z.infer<typeof fsEditResponse>;
