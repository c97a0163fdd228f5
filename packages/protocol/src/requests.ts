import * as z from 'zod';
import { identitySource } from './identity.ts';

/** One message of the user. */
export const userMessage = z.object({
  role: z.literal('user'),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]),
});
/** One message of the user. */
export type UserMessage = z.infer<typeof userMessage>;

/** A file that is written into the session's folder after its identity. */
export const attachment = z.object({
  path: z.string().min(1),
  content: z.string(),
  encoding: z.enum(['utf8', 'base64']).optional(),
  /** Permission bits. A file that has them belongs to the identity: loaders of inline sources see it, too. */
  mode: z.int().min(0).max(0o777).optional(),
});
/** A file that is written into the session's folder after its identity. */
export type Attachment = z.infer<typeof attachment>;

/** Where the engine's transcript is kept, so that a later session of the same id goes on with it. */
const sessionStore = z.object({
  /** `memory`, `file`, `host`, or one of the harness's own. */
  kind: z.string().min(1),
  options: z.unknown().optional(),
});

const policy = z.object({
  kind: z.literal('srs'),
  endpoint: z.string().min(1),
  apiKey: z.string().min(1),
  policyId: z.string().min(1),
  principalId: z.string().min(1),
});

/** A service that decides over each tool call in the place of the client. Secret: it holds the service's key. */
export type Policy = z.infer<typeof policy>;

/** Body of `POST /v1/sessions`. Unknown keys are dropped. */
export const createSessionBody = z.object({
  engine: z.string().min(1),
  identity: z.object({ loader: z.string().min(1), source: identitySource }),
  envs: z.record(z.string(), z.string()).optional(),
  messages: z.array(userMessage).optional(),
  sessionId: z.string().optional(),
  options: z.record(z.string(), z.unknown()).optional(),
  streamingInput: z.boolean().default(false),
  sessionStore: sessionStore.optional(),
  attachments: z.array(attachment).optional(),
  policy: policy.optional(),
});
/** Body of `POST /v1/sessions`, as the server reads it. */
export type CreateSessionBody = z.infer<typeof createSessionBody>;
/** Body of `POST /v1/sessions`, as a client writes it. */
export type CreateSessionInput = z.input<typeof createSessionBody>;

/** Body of `POST /v1/sessions/:id/messages`. */
export const messageBody = z.object({ message: userMessage });

/** Body of `POST /v1/sessions/:id/permission/:callId`. */
export const permissionBody = z.object({
  decision: z.enum(['allow', 'deny', 'modify']),
  input: z.unknown().optional(),
  reason: z.string().optional(),
});
/** Body of `POST /v1/sessions/:id/permission/:callId`. */
export type PermissionBody = z.infer<typeof permissionBody>;
