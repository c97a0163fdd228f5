export { ChatHandle } from './chat-handle.ts';
export type { ChatResult } from './chat-handle.ts';
export { ComputerAgent } from './computer-agent.ts';
export type { ChatOptions } from './computer-agent.ts';
export {
  HarnessConnectionError,
  HarnessProtocolError,
  UnknownEngineError,
  UnknownLoaderError,
  UnknownStoreError,
} from './errors.ts';
export type { ConnectionErrorCode } from './errors.ts';
export type { ChatInput, ComputerAgentOptions, Reconnect, Timeouts } from './options.ts';
export type { PermissionDecision, ToolCallContext } from './permission.ts';
export { runTask } from './run-task.ts';
export type { RunTaskOptions } from './run-task.ts';
export type { BootedHarness, BootHarnessOptions, Substrate } from './substrate.ts';
export type { AgentConstructedInfo, AgentTelemetry, ChatEndInfo, ChatStartInfo } from './telemetry.ts';
export type { UsageRollup } from './usage.ts';
export type { FsTreeEntry, HarnessEvent, IdentitySource, UserMessage } from '@computeragent/protocol';
