export { claimBody, claimIdentity, renewBody } from './claim.ts';
export type { ClaimBody, ClaimIdentity, RenewBody } from './claim.ts';
export { ERROR_CODES, errorEnvelope } from './errors.ts';
export type { ErrorEnvelope, WireErrorCode } from './errors.ts';
export { capabilities, endsTurn, harnessEvent } from './events.ts';
export type { Capabilities, HarnessEvent } from './events.ts';
export { fsEditBody, fsMkdirBody, fsMoveBody } from './fs-requests.ts';
export type { FsEditBody, FsMkdirBody, FsMoveBody } from './fs-requests.ts';
export { identityMetadata, identitySource } from './identity.ts';
export type { IdentityMetadata, IdentitySource } from './identity.ts';
export { createNdjsonParser } from './ndjson.ts';
export type { NdjsonParser } from './ndjson.ts';
export { createSessionBody, messageBody, permissionBody, userMessage } from './requests.ts';
export type {
  Attachment,
  CreateSessionBody,
  CreateSessionInput,
  PermissionBody,
  Policy,
  UserMessage,
} from './requests.ts';
export {
  claimResponse,
  createSessionResponse,
  fsEditResponse,
  fsTreeEntry,
  fsTreeResponse,
  fsWriteResponse,
  healthResponse,
  okResponse,
  renewResponse,
  sessionInfo,
  tokenResponse,
} from './responses.ts';
export type {
  ClaimResponse,
  CreateSessionResponse,
  FsEditResponse,
  FsTreeEntry,
  FsTreeResponse,
  FsWriteResponse,
  HealthResponse,
  OkResponse,
  RenewResponse,
  SessionInfo,
  TokenResponse,
} from './responses.ts';
export { createSseParser, encodeSseFrame } from './sse.ts';
export type { SseFrame, SseParser } from './sse.ts';
export { tokenBody } from './token.ts';
export type { TokenBody } from './token.ts';
export {
  flushResponse,
  transcriptEntry,
  transcriptKey,
  transcriptLine,
  transcriptSeedLine,
  transcriptSeedResponse,
} from './transcript.ts';
export type {
  FlushResponse,
  TranscriptEntry,
  TranscriptKey,
  TranscriptLine,
  TranscriptSeedLine,
  TranscriptSeedResponse,
} from './transcript.ts';
