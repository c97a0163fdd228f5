export { createApp, type HarnessApp } from './app.ts';
export { listen, type Listening } from './boot/listen.ts';
export { claudeEngine } from './engine/claude/claude-engine.ts';
export type {
  Engine,
  EngineOutcome,
  EngineRun,
  PermissionAnswer,
  PermissionRequest,
  Risk,
  TranscriptStore,
  Usage,
} from './engine/engine.ts';
export { HarnessError, type RejectStatus } from './errors.ts';
export { bearerToken, sharedSecretAuth } from './http/auth-handler.ts';
export type { AuthContext, AuthHandler, AuthRequest } from './http/auth-handler.ts';
export type { AppDeps } from './http/deps.ts';
export { gitAgentProtocolLoader } from './identity/gitagentprotocol.ts';
export type { HumanInTheLoop, IdentityLoader, LoadedIdentity } from './identity/loader.ts';
export type { Log } from './log.ts';
export type { AuditRecord, AuditSink, SessionLimits } from './session/init.ts';
export { fileStore } from './store/file-store.ts';
export { memoryStore } from './store/memory-store.ts';
export type { OpenStore, StoreInit, StoreKind } from './store/store.ts';
