import { expectTypeOf, it } from 'vitest';
import type {
  AgentTelemetry,
  Attachment,
  ChatHandle,
  ChatInput,
  ChatResult,
  ComputerAgent,
  ComputerAgentOptions,
  Decide,
  FsTreeEntry,
  HarnessEvent,
  HarnessName,
  HarnessProtocolError,
  HostSessionStore,
  IdentityLoaderName,
  IdentitySource,
  PermissionDecision,
  RunTaskOptions,
  SessionStoreKind,
  Substrate,
  ToolCallContext,
  UnknownEngineError,
  UsageRollup,
  UserMessage,
} from '../src/index.ts';
import type { hostFileStore, runTask, ttyApproval } from '../src/index.ts';

it('a handle is iterated, awaited, or both', () => {
  expectTypeOf<ComputerAgent['chat']>().returns.toEqualTypeOf<ChatHandle>();
  expectTypeOf<ChatHandle>().toExtend<AsyncIterable<HarnessEvent>>();
  expectTypeOf<Awaited<ChatHandle>>().toEqualTypeOf<ChatResult>();
  expectTypeOf<ChatHandle['getUsage']>().returns.toEqualTypeOf<UsageRollup>();
  expectTypeOf<ChatHandle['sessionId']>().returns.resolves.toBeString();
  expectTypeOf<typeof runTask>().parameter(0).toEqualTypeOf<RunTaskOptions>();
  expectTypeOf<typeof runTask>().returns.resolves.toEqualTypeOf<ChatResult>();
});

it('events are told apart by their kind', () => {
  type Ended = Extract<HarnessEvent, { kind: 'ca_session_ended' }>;
  expectTypeOf<Ended['reason']>().toEqualTypeOf<'complete' | 'cancelled' | 'error' | 'budget_exceeded'>();
  expectTypeOf<Extract<HarnessEvent, { kind: 'sdk_message' }>['payload']>().toBeUnknown();
  expectTypeOf<ChatResult['ended']>().toEqualTypeOf<Ended>();
});

it('a chat takes text, a message, messages, and messages that come', () => {
  expectTypeOf<string>().toExtend<ChatInput>();
  expectTypeOf<UserMessage>().toExtend<ChatInput>();
  expectTypeOf<readonly UserMessage[]>().toExtend<ChatInput>();
  expectTypeOf<AsyncGenerator<UserMessage>>().toExtend<ChatInput>();
  expectTypeOf<number>().not.toExtend<ChatInput>();
  expectTypeOf<string[]>().not.toExtend<ChatInput>();
});

it('an agent needs a source and an engine, and nothing else', () => {
  expectTypeOf<{ source: string; harness: string }>().toExtend<ComputerAgentOptions>();
  expectTypeOf<{ source: string }>().not.toExtend<ComputerAgentOptions>();
  expectTypeOf<IdentitySource>().toExtend<ComputerAgentOptions['source']>();
  expectTypeOf<ComputerAgentOptions['attachments']>().toEqualTypeOf<readonly Attachment[] | undefined>();
  expectTypeOf<Substrate>().toExtend<NonNullable<ComputerAgentOptions['runtime']>>();
  expectTypeOf<'local'>().toExtend<NonNullable<ComputerAgentOptions['runtime']>>();
  expectTypeOf<ComputerAgentOptions['telemetry']>().toEqualTypeOf<AgentTelemetry | undefined>();
});

it('names that are known complete, and others are names as well', () => {
  expectTypeOf<'claude-agent-sdk'>().toExtend<HarnessName>();
  expectTypeOf<'my-own'>().toExtend<HarnessName & IdentityLoaderName & SessionStoreKind>();
  expectTypeOf<number>().not.toExtend<HarnessName>();
});

it('a store is named, or is an object that keeps', () => {
  type Store = NonNullable<ComputerAgentOptions['sessionStore']>;
  expectTypeOf<{ kind: 'file'; options: { root: string } }>().toExtend<Store>();
  expectTypeOf<ReturnType<typeof hostFileStore>>().toExtend<Store>();
  expectTypeOf<HostSessionStore>().toExtend<Store>();
  expectTypeOf<{ load(): never[] }>().not.toExtend<Store>();
});

it('a decision to modify needs an input, and an answer may take its time', () => {
  expectTypeOf<{ decision: 'allow' }>().toExtend<PermissionDecision>();
  expectTypeOf<{ decision: 'modify' }>().not.toExtend<PermissionDecision>();
  expectTypeOf<{ decision: 'maybe' }>().not.toExtend<PermissionDecision>();
  expectTypeOf<(call: ToolCallContext) => Promise<PermissionDecision>>().toExtend<Decide>();
  expectTypeOf<typeof ttyApproval>().returns.toEqualTypeOf<Decide>();
  expectTypeOf<'manual'>().toExtend<NonNullable<ComputerAgentOptions['onToolCall']>>();
});

it('files come as bytes, text or nothing', () => {
  expectTypeOf<ComputerAgent['fetchArtifact']>().returns.resolves.toEqualTypeOf<Uint8Array | null>();
  expectTypeOf<ComputerAgent['fetchArtifactText']>().returns.resolves.toEqualTypeOf<string | null>();
  expectTypeOf<ComputerAgent['listWorkdir']>().returns.resolves.toEqualTypeOf<FsTreeEntry[]>();
  expectTypeOf<ComputerAgent>().toExtend<AsyncDisposable>();
});

it('errors carry their facts', () => {
  expectTypeOf<HarnessProtocolError['status']>().toBeNumber();
  expectTypeOf<UnknownEngineError>().toExtend<HarnessProtocolError>();
  expectTypeOf<UnknownEngineError['available']>().toEqualTypeOf<readonly string[]>();
});
