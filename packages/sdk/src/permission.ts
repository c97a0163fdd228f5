import type { HarnessEvent, PermissionBody } from '@computeragent/protocol';
import { HarnessProtocolError } from './errors.ts';
import type { CallOptions } from './options.ts';
import type { OpenSession } from './session.ts';
import { abortable } from './wait.ts';

type PermissionRequest = Extract<HarnessEvent, { kind: 'ca_permission_request' }>;

/** What `onToolCall` is asked about. */
export interface ToolCallContext {
  readonly callId: string;
  readonly toolName: string;
  readonly input: unknown;
  readonly risk?: PermissionRequest['risk'];
  /** True where the agent's identity wants a person to decide. */
  readonly requiresHuman?: boolean;
  /** Aborted when an answer is not wanted any more. */
  readonly signal: AbortSignal;
}

/** An answer to a permission request. Allowing without an input keeps the tool's own. */
export type PermissionDecision =
  | { readonly decision: 'allow'; readonly input?: unknown }
  | { readonly decision: 'deny'; readonly reason?: string }
  | { readonly decision: 'modify'; readonly input: unknown };

/** Decides a permission request. */
export type Decide = (context: ToolCallContext) => PermissionDecision | Promise<PermissionDecision>;

/**
 * Answers for an agent that has no `onToolCall`. What its identity leaves to a person is denied: allowing it would
 * make the rule worth nothing.
 */
export const decideAlone: Decide = ({ requiresHuman }) =>
  requiresHuman === true
    ? { decision: 'deny', reason: 'the agent asks for a person to decide, and its program has no onToolCall' }
    : { decision: 'allow' };

/**
 * The permission requests of one chat. They are put to `decide` one after the other, as a person would be asked, while
 * the chat's events are read on. `failed` aborts when one could be neither decided nor told: the session must end.
 */
export class PermissionDesk {
  readonly #session: OpenSession;
  readonly #decide: Decide | 'manual';
  readonly #chat: AbortSignal;
  readonly #failure = new AbortController();
  readonly #open = new Map<string, AbortController>();
  #queue: Promise<void> = Promise.resolve();

  constructor(session: OpenSession, decide: Decide | 'manual', chat: AbortSignal) {
    this.#session = session;
    this.#decide = decide;
    this.#chat = chat;
  }

  get failed(): AbortSignal {
    return this.#failure.signal;
  }

  /** Sees to it that a request is answered. */
  take(request: PermissionRequest): void {
    const decide = this.#decide;
    if (decide === 'manual') return;
    const unwanted = new AbortController();
    this.#open.set(request.callId, unwanted);
    this.#queue = this.#queue.then(async () => {
      try {
        await this.#answer(
          decide,
          request,
          AbortSignal.any([unwanted.signal, this.#chat, this.#failure.signal]),
        );
      } catch (error) {
        if (!unwanted.signal.aborted) this.#failure.abort(error);
      } finally {
        this.#open.delete(request.callId);
      }
    });
  }

  /** Answered by somebody else, or over: whoever was asked need not answer. */
  forget(callId: string): void {
    this.#open.get(callId)?.abort(new DOMException('the request was answered', 'AbortError'));
  }

  /** Ends what is open: the turn is over, and with it what it asked. */
  close(): void {
    for (const callId of this.#open.keys()) this.forget(callId);
  }

  async #answer(decide: Decide, request: PermissionRequest, signal: AbortSignal): Promise<void> {
    const { callId, toolName, input, risk, requiresHuman } = request;
    signal.throwIfAborted();
    const context = {
      callId,
      toolName,
      input,
      ...(risk === undefined ? {} : { risk }),
      ...(requiresHuman === undefined ? {} : { requiresHuman }),
      signal,
    };
    const decision = await abortable((async () => decide(context))(), signal);
    // From here on an answer is on its way, and is not taken back by the news of it.
    this.#open.delete(callId);
    try {
      await tell(this.#session, callId, decision, { signal: this.#chat });
    } catch (error) {
      // Somebody else has answered, or it was given up: the engine waits no more.
      if (!(error instanceof HarnessProtocolError && error.code === 'UNKNOWN_CALL_ID')) throw error;
    }
  }
}

/** Tells the harness a decision. */
export function tell(
  { client, id }: OpenSession,
  callId: string,
  decision: PermissionDecision,
  options: CallOptions,
): Promise<void> {
  return client.permission(id, callId, bodyOf(decision), options);
}

/** The body that carries a decision. Throws TypeError for what is none: it must not pass for an answer. */
function bodyOf(decision: PermissionDecision): PermissionBody {
  switch (decision?.decision) {
    case 'allow':
      return decision;
    case 'deny':
      return { decision: 'deny', reason: decision.reason ?? 'denied' };
    case 'modify':
      if (decision.input === undefined) throw new TypeError('a decision to modify needs an input');
      return decision;
    default:
      throw new TypeError(`not a permission decision: ${JSON.stringify(decision)}`);
  }
}
