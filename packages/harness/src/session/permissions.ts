import { deferred } from '../deferred.ts';
import type { PermissionBody } from '@computeragent/protocol';
import type { PermissionAnswer, PermissionRequest } from '../engine/engine.ts';
import { HarnessError } from '../errors.ts';

interface Pending {
  readonly request: PermissionRequest;
  readonly settle: (answer: PermissionAnswer) => void;
}

/** Tool calls that wait for the client. Each is answered once: by the client, by cancel, or by its deadline. */
export class Permissions {
  readonly #pending = new Map<string, Pending>();
  readonly #timeoutMs: number;
  #closedBecause: string | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Calls `announce` once the answer can be taken, then waits for it. */
  async ask(request: PermissionRequest, announce: () => void): Promise<PermissionAnswer> {
    if (this.#closedBecause !== undefined) return deny(this.#closedBecause);
    if (this.#pending.has(request.callId)) return deny(`call id ${request.callId} is already pending`);
    const { promise, resolve } = deferred<PermissionAnswer>();
    const timer = setTimeout(
      () => resolve(deny(`nobody answered within ${this.#timeoutMs} ms`)),
      this.#timeoutMs,
    );
    this.#pending.set(request.callId, { request, settle: resolve });
    try {
      announce();
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#pending.delete(request.callId);
    }
  }

  /** Takes the client's answer. Without an input of its own, an allowed call keeps the tool's. */
  answer(callId: string, { decision, input, reason }: PermissionBody): void {
    const pending = this.#pending.get(callId);
    if (!pending)
      throw new HarnessError('UNKNOWN_CALL_ID', 400, `no permission request ${callId} is pending`);
    this.#pending.delete(callId);
    if (decision === 'deny') pending.settle(deny(reason ?? 'denied by user'));
    else
      pending.settle({
        behavior: 'allow',
        updatedInput: input === undefined ? pending.request.input : input,
      });
  }

  /** Denies what is pending and what is yet to come. */
  close(reason: string): void {
    this.#closedBecause = reason;
    for (const { settle } of this.#pending.values()) settle(deny(reason));
    this.#pending.clear();
  }
}

function deny(message: string): PermissionAnswer {
  return { behavior: 'deny', message, interrupt: false };
}
