import { deferred } from '../deferred.ts';
import type { HarnessEvent, PermissionBody, SessionInfo, UserMessage } from '@computeragent/protocol';
import type { EngineOutcome, EngineRun, PermissionAnswer, PermissionRequest } from '../engine/engine.ts';
import { HarnessError, messageOf } from '../errors.ts';
import { SessionTranscript } from '../store/session-transcript.ts';
import { audited } from './audit.ts';
import { EventLog } from './event-log.ts';
import { giveUpAfterAbort } from './give-up.ts';
import type { SessionInit } from './init.ts';
import { InputQueue } from './input-queue.ts';
import { MessageKeys } from './message-keys.ts';
import { Permissions } from './permissions.ts';

type EndReason = Extract<HarnessEvent, { kind: 'ca_session_ended' }>['reason'];

/** One agent at work: its input, its engine's run, and the log of what happened. */
export class Session {
  readonly init: SessionInit;
  readonly events: EventLog;
  /** Undefined: it is kept nowhere. */
  readonly transcript: SessionTranscript | undefined;
  readonly #input = new InputQueue();
  readonly #permissions: Permissions;
  readonly #abort = new AbortController();
  readonly #ended = deferred<void>();
  readonly #keys = new MessageKeys();
  readonly #early: UserMessage[] = [];
  #turns = 0;
  #readers = 0;
  #followers = 0;
  #failure: string | undefined;
  #status: SessionInfo['status'] = 'pending';
  #isStarted = false;

  constructor(init: SessionInit) {
    this.init = init;
    this.events = new EventLog(init.id);
    this.#permissions = new Permissions({
      ...init.limits,
      onUnanswered: (callId, reason) => this.#decided(callId, { decision: 'deny', reason }),
    });
    const { store, validateStoreEntries: validate } = init;
    const onBroken = (cause: unknown): void => this.#fail(`the session store failed: ${messageOf(cause)}`);
    this.transcript = store && new SessionTranscript({ store, validate, onBroken });
  }

  get info(): SessionInfo {
    const { id, engine } = this.init;
    return { sessionId: id, engine: engine.name, identity: this.#identity, status: this.#status };
  }

  /** True while the session can still do something. */
  get live(): boolean {
    return !this.events.closed;
  }

  /** True while somebody follows what it does. */
  get used(): boolean {
    return this.#followers > 0;
  }

  /** Resolves when the last event is written. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Somebody reads its events, until the function that is answered is called. */
  attend(): () => void {
    const unfollow = this.follow();
    this.#readers += 1;
    this.#permissions.attended = true;
    return () => {
      unfollow();
      this.#readers -= 1;
      this.#permissions.attended = this.#readers > 0;
    };
  }

  /** Somebody follows it, until the function that is answered is called; without its events, no question is seen. */
  follow(): () => void {
    this.#followers += 1;
    return () => void (this.#followers -= 1);
  }

  /** Starts the engine, once; later calls do nothing. */
  start(): void {
    if (this.#status !== 'pending') {
      // Cancelled before it started: the log still has to begin and end.
      if (this.#status === 'cancelled' && this.live && !this.#isStarted) this.#finishUnstarted();
      return;
    }
    this.#status = 'running';
    this.#isStarted = true;
    this.#begin();
    void this.#run();
  }

  /** Queues a message for the engine. One that has come before, by its sender's key, is there already. */
  send(message: UserMessage, key?: string): void {
    if (key !== undefined && this.#keys.knows(key, message)) return;
    if (!this.#input.push(message)) {
      throw new HarnessError('SESSION_ENDED', 409, `session ${this.init.id} takes no more messages`);
    }
    if (key !== undefined) this.#keys.add(key, message);
    if (this.#status === 'pending') this.#early.push(message);
    else this.#turn(message);
  }

  endInput(): void {
    this.#input.close();
  }

  answer(callId: string, body: PermissionBody): void {
    this.#permissions.answer(callId, body);
    this.#decided(callId, body);
  }

  /** Ends the session, not just its turn. Does nothing to one that has ended. */
  cancel(): void {
    if (this.#status !== 'pending' && this.#status !== 'running') return;
    this.#status = 'cancelled';
    this.init.log('session.cancel', { sessionId: this.init.id });
    this.#halt('session cancelled');
  }

  /** Ends the session and resolves when it has ended, started or not. */
  async stop(): Promise<void> {
    this.cancel();
    this.start();
    await this.ended;
  }

  get #identity(): SessionInfo['identity'] {
    const { name, version, sha } = this.init.identity;
    return { name, version, ...(sha === undefined ? {} : { sha }) };
  }

  #begin(): void {
    const { engine, streamingInput } = this.init;
    this.#emit({
      kind: 'ca_session_started',
      engine: engine.name,
      identity: this.#identity,
      capabilities: engine.capabilities,
    });
    for (const message of this.#early.splice(0)) this.#turn(message);
    if (!streamingInput) this.#input.close();
  }

  #turn(message: UserMessage): void {
    this.#emit({ kind: 'ca_turn_started', turnIndex: this.#turns++, message });
  }

  #fail(message: string): void {
    if (this.#abort.signal.aborted || !this.live) return;
    this.#failure = message;
    this.#halt('session failed');
  }

  #halt(reason: string): void {
    this.#input.close({ discard: true });
    this.#permissions.close(reason);
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    const { engine, limits, log } = this.init;
    log('engine.start', { sessionId: this.init.id, engine: engine.name });
    const giveUp = giveUpAfterAbort(this.#abort.signal, limits.cancelMs);
    try {
      this.#end(await Promise.race([this.#work(), giveUp.promise]));
    } catch (error) {
      this.#end('error', messageOf(error));
    } finally {
      giveUp.clear();
    }
  }

  /** The engine's run, and the last write of its transcript: whoever sees the end of the session may go. */
  async #work(): Promise<EngineOutcome> {
    try {
      return await this.init.engine.run(this.#engineRun());
    } finally {
      await this.transcript?.settled();
    }
  }

  #finishUnstarted(): void {
    this.#begin();
    this.#end('cancelled');
  }

  /** Why it ended is what ended it first, not what that led to. */
  #end(outcome: EndReason, message?: string): void {
    if (this.#failure !== undefined) this.#close('error', this.#failure);
    else if (this.#abort.signal.aborted) this.#close('cancelled');
    else this.#close(outcome, message);
  }

  #close(reason: EndReason, message?: string): void {
    if (this.#status === 'running') this.#status = reason === 'error' ? 'errored' : 'completed';
    this.#input.close({ discard: true });
    this.#permissions.close('session ended');
    this.transcript?.close();
    const { id, log, redact } = this.init;
    const errorMessage = message === undefined ? {} : { errorMessage: redact(message) };
    this.#emit({ kind: 'ca_session_ended', reason, ...errorMessage });
    this.events.close();
    log('session.end', { sessionId: id, reason, ...errorMessage });
    this.#ended.resolve();
  }

  #engineRun(): EngineRun {
    const { id, workdir, env, options, identity, log } = this.init;
    return {
      sessionId: id,
      cwd: workdir,
      env,
      options,
      humanInTheLoop: identity.humanInTheLoop,
      identity: { name: identity.name, ...identity.parts },
      input: this.#input,
      signal: this.#abort.signal,
      message: (payload) => this.#emit({ kind: 'sdk_message', payload }),
      usage: (usage) => this.#emit({ kind: 'ca_usage_snapshot', ...usage }),
      askPermission: (request) => this.#ask(request),
      store: this.transcript,
      log,
    };
  }

  async #ask(request: PermissionRequest): Promise<PermissionAnswer> {
    const { callId, toolName, input, risk } = request;
    const requiresHuman = this.#requiresHuman(risk);
    const ruling = await this.init.policy?.(request, this.#abort.signal);
    // A policy speaks for the client. Where the identity wants a person, it can only refuse.
    if (ruling && (ruling.behavior === 'deny' || !requiresHuman)) return ruling;
    const human = requiresHuman ? { requiresHuman } : {};
    this.init.log('session.permission_request', { sessionId: this.init.id, callId, toolName, risk });
    return this.#permissions.ask(request, () =>
      this.#emit({ kind: 'ca_permission_request', callId, toolName, input, risk, ...human }),
    );
  }

  #requiresHuman(risk: PermissionRequest['risk']): boolean {
    const { humanInTheLoop } = this.init.identity;
    return humanInTheLoop === 'always' || (humanInTheLoop === 'destructive' && !/^(low|medium)$/.test(risk));
  }

  #decided(callId: string, { decision, reason }: Pick<PermissionBody, 'decision' | 'reason'>): void {
    const why = reason === undefined ? {} : { reason };
    this.init.log('session.permission_decision', { sessionId: this.init.id, callId, decision });
    this.#emit({ kind: 'ca_permission_decision', callId, decision, ...why });
  }

  #emit(init: EventInit): void {
    const event: HarnessEvent = { ...init, sessionId: this.init.id };
    const eventId = this.events.append(event);
    const { audit, log } = this.init;
    if (audit) audited(audit, { sessionId: this.init.id, eventId, event, timestamp: Date.now() }, log);
  }
}

/** An event without the session's id. Distributes over the kinds. */
type EventInit = HarnessEvent extends infer E
  ? E extends HarnessEvent
    ? Omit<E, 'sessionId'>
    : never
  : never;
