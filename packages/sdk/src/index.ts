export { ChatHandle } from './chat-handle.ts';
export type { ChatResult } from './chat-handle.ts';
export { ComputerAgent } from './computer-agent.ts';
export {
  HarnessConnectionError,
  HarnessProtocolError,
  UnknownEngineError,
  UnknownLoaderError,
  UnknownStoreError,
} from './errors.ts';
export type { ConnectionErrorCode } from './errors.ts';
export type {
  CallOptions,
  ChatInput,
  ChatOptions,
  ComputerAgentOptions,
  HarnessName,
  IdentityLoaderName,
  Reconnect,
  SessionStoreKind,
  Timeouts,
} from './options.ts';
export type { Decide, PermissionDecision, ToolCallContext } from './permission.ts';
export { runTask } from './run-task.ts';
export type { RunTaskOptions } from './run-task.ts';
export { SourceError } from './source/errors.ts';
export type { SourceErrorCode } from './source/errors.ts';
export type { LocalFolder } from './source/source.ts';
export { hostFileStore } from './store/file-store.ts';
export { SessionStoreError } from './store/host-store.ts';
export type { HostSessionStore, TranscriptRecord } from './store/host-store.ts';
export type { BootedHarness, BootHarnessOptions, Substrate } from './substrate.ts';
export type { AgentConstructedInfo, AgentTelemetry, ChatEndInfo, ChatStartInfo } from './telemetry.ts';
export type { UsageRollup } from './usage.ts';
export type {
  Attachment,
  FsTreeEntry,
  HarnessEvent,
  IdentitySource,
  UserMessage,
} from '@computeragent/protocol';
export { ttyApproval } from './tty/approval.ts';
export type { TtyApprovalOptions } from './tty/approval.ts';
