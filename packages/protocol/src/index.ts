export { claimBody, claimIdentity, renewBody } from './claim.ts';
export type { ClaimBody, ClaimIdentity, RenewBody } from './claim.ts';
export { ERROR_CODES } from './errors.ts';
export type { ErrorEnvelope, WireErrorCode } from './errors.ts';
export { capabilities, harnessEvent } from './events.ts';
export type { Capabilities, HarnessEvent } from './events.ts';
export { identitySource } from './identity.ts';
export type { IdentityMetadata, IdentitySource } from './identity.ts';
export { createSessionBody, messageBody, permissionBody, userMessage } from './requests.ts';
export type {
  Attachment,
  CreateSessionBody,
  CreateSessionInput,
  PermissionBody,
  UserMessage,
} from './requests.ts';
export type {
  ClaimResponse,
  CreateSessionResponse,
  FsTreeEntry,
  HealthResponse,
  RenewResponse,
  SessionInfo,
  TokenResponse,
} from './responses.ts';
export { tokenBody } from './token.ts';
export type { TokenBody } from './token.ts';
export { createSseParser, encodeSseFrame } from './sse.ts';
export type { SseFrame, SseParser } from './sse.ts';
