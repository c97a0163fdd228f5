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
export type { AppDeps } from './http/deps.ts';
export { gitAgentProtocolLoader } from './identity/gitagentprotocol.ts';
export type { HumanInTheLoop, IdentityLoader, LoadedIdentity } from './identity/loader.ts';
export type { Log } from './log.ts';
export type { SessionLimits } from './session/session.ts';
