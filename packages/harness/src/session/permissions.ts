import { deferred } from '../deferred.ts';
import type { PermissionBody } from '@computeragent/protocol';
import type { PermissionAnswer, PermissionRequest } from '../engine/engine.ts';
import { HarnessError } from '../errors.ts';

interface Pending {
  readonly request: PermissionRequest;
  readonly settle: (answer: PermissionAnswer) => void;
}

/** How long a tool call waits, and who is told that it was not answered. */
export interface PermissionsInit {
  readonly permissionMs: number;
  readonly unattendedMs: number;
  readonly onUnanswered: (callId: string, reason: string) => void;
}

/**
 * Tool calls that wait for the client. Each is answered once: by the client, by cancel, by its deadline, or because nobody
 * has been there for too long who could.
 */
export class Permissions {
  readonly #pending = new Map<string, Pending>();
  readonly #init: PermissionsInit;
  #attended = false;
  #unattended: NodeJS.Timeout | undefined;
  #closedBecause: string | undefined;

  constructor(init: PermissionsInit) {
    this.#init = init;
  }

  /** Whether somebody reads what is asked. */
  set attended(attended: boolean) {
    this.#attended = attended;
    this.#watch();
  }

  /** Calls `announce` once the answer can be taken, then waits for it. */
  async ask(request: PermissionRequest, announce: () => void): Promise<PermissionAnswer> {
    const { callId } = request;
    if (this.#closedBecause !== undefined) return deny(this.#closedBecause);
    if (this.#pending.has(callId)) return deny(`call id ${callId} is already pending`);
    const { promise, resolve } = deferred<PermissionAnswer>();
    const { permissionMs } = this.#init;
    const late = `nobody answered within ${permissionMs} ms`;
    const timer = setTimeout(() => this.#giveUp(callId, late), permissionMs);
    this.#pending.set(callId, { request, settle: resolve });
    this.#watch();
    try {
      announce();
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#pending.delete(callId);
      this.#watch();
    }
  }

  /** Takes the client's answer. Without an input of its own, an allowed call keeps the tool's. */
  answer(callId: string, { decision, input, reason }: PermissionBody): void {
    const pending = this.#pending.get(callId);
    if (!pending) {
      throw new HarnessError('UNKNOWN_CALL_ID', 400, `no permission request ${callId} is pending`);
    }
    const updatedInput = input === undefined ? pending.request.input : input;
    const isDenied = decision === 'deny';
    this.#settle(callId, isDenied ? deny(reason ?? 'denied by user') : { behavior: 'allow', updatedInput });
  }

  /** Denies what is pending and what is yet to come. */
  close(reason: string): void {
    this.#closedBecause = reason;
    for (const callId of this.#pending.keys()) this.#settle(callId, deny(reason));
    this.#watch();
  }

  #settle(callId: string, answer: PermissionAnswer): void {
    const pending = this.#pending.get(callId);
    this.#pending.delete(callId);
    pending?.settle(answer);
  }

  #giveUp(callId: string, reason: string): void {
    if (!this.#pending.has(callId)) return;
    this.#settle(callId, deny(reason));
    this.#init.onUnanswered(callId, reason);
  }

  /** Counts the time in which something is asked and nobody is there. */
  #watch(): void {
    const isLost = !this.#attended && this.#pending.size > 0;
    if (isLost && this.#unattended) return;
    clearTimeout(this.#unattended);
    this.#unattended = isLost ? setTimeout(() => this.#giveUpAll(), this.#init.unattendedMs) : undefined;
  }

  #giveUpAll(): void {
    const reason = `nobody read the session's events for ${this.#init.unattendedMs} ms`;
    for (const callId of this.#pending.keys()) this.#giveUp(callId, reason);
  }
}

function deny(message: string): PermissionAnswer {
  return { behavior: 'deny', message, interrupt: false };
}
