import { deferred } from '../deferred.ts';
import type { HarnessEvent, PermissionBody, SessionInfo, UserMessage } from '@computeragent/protocol';
import type { Engine, EngineOutcome, EngineRun, PermissionRequest } from '../engine/engine.ts';
import { HarnessError, messageOf } from '../errors.ts';
import type { LoadedIdentity } from '../identity/loader.ts';
import type { Log, Redact } from '../log.ts';
import { EventLog } from './event-log.ts';
import { InputQueue } from './input-queue.ts';
import { Permissions } from './permissions.ts';

/** What a session is made of. */
export interface SessionInit {
  readonly id: string;
  readonly engine: Engine;
  readonly identity: LoadedIdentity;
  readonly workdir: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Secret. */
  readonly env: Readonly<Record<string, string>>;
  /** False: input ends when the engine starts, with what has arrived until then. */
  readonly streamingInput: boolean;
  readonly limits: SessionLimits;
  readonly log: Log;
  /** Hides the session's secrets in an error's message, which clients and logs see. */
  readonly redact: Redact;
}

/** Deadlines of a session. */
export interface SessionLimits {
  /** A permission request that nobody answers is denied after this long. */
  readonly permissionMs: number;
  /** How long an engine may take to end after a cancel, before the session ends without it. */
  readonly cancelMs: number;
}

type EndReason = Extract<HarnessEvent, { kind: 'ca_session_ended' }>['reason'];

/** One agent at work: its input, its engine's run, and the log of what happened. */
export class Session {
  readonly init: SessionInit;
  readonly events = new EventLog();
  readonly #input = new InputQueue();
  readonly #permissions: Permissions;
  readonly #abort = new AbortController();
  readonly #ended = deferred<void>();
  readonly #early: UserMessage[] = [];
  #turns = 0;
  #status: SessionInfo['status'] = 'pending';

  constructor(init: SessionInit) {
    this.init = init;
    this.#permissions = new Permissions(init.limits.permissionMs);
  }

  get info(): SessionInfo {
    const { id, engine } = this.init;
    return { sessionId: id, engine: engine.name, identity: this.#identity, status: this.#status };
  }

  /** True while the session can still do something. */
  get live(): boolean {
    return !this.events.closed;
  }

  /** Resolves when the last event is written. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Starts the engine, once; later calls do nothing. */
  start(): void {
    if (this.#status !== 'pending') {
      // Cancelled before it started: the log still has to begin and end.
      if (this.#status === 'cancelled' && this.live) this.#finishUnstarted();
      return;
    }
    this.#status = 'running';
    this.#begin();
    void this.#run();
  }

  /** Queues a message for the engine. */
  send(message: UserMessage): void {
    if (!this.#input.push(message)) {
      throw new HarnessError('SESSION_ENDED', 409, `session ${this.init.id} takes no more messages`);
    }
    if (this.#status === 'pending') this.#early.push(message);
    else this.#turn(message);
  }

  endInput(): void {
    this.#input.close();
  }

  answer(callId: string, body: PermissionBody): void {
    this.#permissions.answer(callId, body);
    this.#emit({
      kind: 'ca_permission_decision',
      callId,
      decision: body.decision,
      ...(body.reason === undefined ? {} : { reason: body.reason }),
    });
  }

  /** Ends the session, not just its turn. Does nothing to one that has ended. */
  cancel(): void {
    if (this.#status !== 'pending' && this.#status !== 'running') return;
    this.#status = 'cancelled';
    this.#input.close({ discard: true });
    this.#permissions.close('session cancelled');
    this.#abort.abort();
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

  async #run(): Promise<void> {
    const { engine, log, limits, redact } = this.init;
    log('engine.start', { sessionId: this.init.id, engine: engine.name });
    const giveUp = deadlineAfterAbort(this.#abort.signal, limits.cancelMs);
    try {
      const outcome = await Promise.race([engine.run(this.#engineRun()), giveUp.promise]);
      this.#end(this.#abort.signal.aborted ? 'cancelled' : outcome);
    } catch (error) {
      if (this.#abort.signal.aborted) this.#end('cancelled');
      else this.#end('error', redact(messageOf(error)));
    } finally {
      giveUp.clear();
    }
  }

  #finishUnstarted(): void {
    this.#begin();
    this.#end('cancelled');
  }

  #end(reason: EndReason, errorMessage?: string): void {
    if (this.#status === 'running') this.#status = reason === 'error' ? 'errored' : 'completed';
    this.#input.close({ discard: true });
    this.#permissions.close('session ended');
    this.#emit({
      kind: 'ca_session_ended',
      reason,
      ...(errorMessage === undefined ? {} : { errorMessage }),
    });
    this.events.close();
    this.init.log('session.end', { sessionId: this.init.id, reason, errorMessage });
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
      log,
    };
  }

  #ask(request: PermissionRequest): ReturnType<EngineRun['askPermission']> {
    const { callId, toolName, input, risk } = request;
    return this.#permissions.ask(request, () =>
      this.#emit({
        kind: 'ca_permission_request',
        callId,
        toolName,
        input,
        risk,
        ...(this.#requiresHuman(risk) ? { requiresHuman: true } : {}),
      }),
    );
  }

  #requiresHuman(risk: PermissionRequest['risk']): boolean {
    const { humanInTheLoop } = this.init.identity;
    return humanInTheLoop === 'always' || (humanInTheLoop === 'destructive' && !/^(low|medium)$/.test(risk));
  }

  #emit(event: EventInit): void {
    this.events.append({ ...event, sessionId: this.init.id });
  }
}

/** An event without the session's id. Distributes over the kinds. */
type EventInit = HarnessEvent extends infer E
  ? E extends HarnessEvent
    ? Omit<E, 'sessionId'>
    : never
  : never;

/** Settles `ms` after the signal aborts: an engine that ignores a cancel must not keep the session open. */
function deadlineAfterAbort(signal: AbortSignal, ms: number) {
  const { promise, resolve } = deferred<EngineOutcome>();
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    timer = setTimeout(() => resolve('complete'), ms);
  };
  if (signal.aborted) arm();
  else signal.addEventListener('abort', arm, { once: true });
  const clear = (): void => {
    signal.removeEventListener('abort', arm);
    clearTimeout(timer);
  };
  return { promise, clear };
}
