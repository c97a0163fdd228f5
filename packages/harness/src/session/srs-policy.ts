import type { Policy } from '@computeragent/protocol';
import * as z from 'zod';
import type { PermissionAnswer, PermissionRequest } from '../engine/engine.ts';
import { HarnessError, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Decide } from './init.ts';

/** A tool call waits for this long at most, twice for the first one. */
const CALL_MS = 15_000;

const policySchema = z.looseObject({
  cedar_guardrail: z.unknown().optional(),
  opa_guardrail: z.unknown().optional(),
});
const rulingSchema = z.object({
  allowed: z.boolean(),
  denied_by: z.string().nullish(),
  reason: z.string().nullish(),
});

/** What a policy decides for. */
export interface PolicyInit {
  readonly policy: Policy;
  readonly sessionId: string;
  /** The policy service knows the agent by it. */
  readonly agent: string;
  readonly callMs?: number;
  readonly log: Log;
}

/**
 * Lets a policy service decide over tool calls. The policy is fetched once; whatever fails, the call is denied: a guard
 * that is away must not leave the door open.
 * @throws HarnessError VALIDATION when the service's address is none.
 */
export function srsPolicy({ policy, sessionId, agent, callMs = CALL_MS, log }: PolicyInit): Decide {
  const service = new PolicyService(policy, callMs);
  return async (request, signal) => {
    const answer = await rule(service, agent, request, signal);
    const { toolName } = request;
    log('session.policy_decision', { sessionId, toolName, behavior: answer.behavior });
    return answer;
  };
}

async function rule(
  service: PolicyService,
  agent: string,
  { toolName, input }: PermissionRequest,
  signal: AbortSignal,
): Promise<PermissionAnswer> {
  try {
    const { allowed, reason, denied_by } = await service.evaluate({ toolName, input, agent }, signal);
    if (allowed) return { behavior: 'allow', updatedInput: input };
    return deny(reason ?? `denied by ${denied_by ?? 'the policy'}`);
  } catch (error) {
    return deny(`the policy could not be asked: ${messageOf(error)}`);
  }
}

class PolicyService {
  readonly #policy: Policy;
  readonly #base: string;
  readonly #callMs: number;
  #guardrails: Promise<z.infer<typeof policySchema>> | undefined;

  constructor(policy: Policy, callMs: number) {
    this.#policy = policy;
    this.#base = addressOf(policy.endpoint);
    this.#callMs = callMs;
  }

  async evaluate(call: { toolName: string; input: unknown; agent: string }, signal: AbortSignal) {
    const { cedar_guardrail, opa_guardrail } = await this.#fetched(signal);
    const body = {
      cedar_guardrail,
      opa_guardrail,
      tool_name: call.toolName,
      tool_args: call.input,
      principal_id: this.#policy.principalId,
      bundle_id: call.agent,
      bundle_name: call.agent,
    };
    const init = { method: 'POST', body: JSON.stringify(body) };
    return rulingSchema.parse(await this.#ask('/v1/guardrails/evaluate-tool-call', signal, init));
  }

  /** Once for all calls. One that has failed is tried again with the next call. */
  #fetched(signal: AbortSignal) {
    const path = `/v1/rai/policies/${encodeURIComponent(this.#policy.policyId)}`;
    this.#guardrails ??= this.#ask(path, signal, {}).then((answer) => policySchema.parse(answer));
    this.#guardrails.catch(() => (this.#guardrails = undefined));
    return this.#guardrails;
  }

  async #ask(path: string, signal: AbortSignal, init: RequestInit): Promise<unknown> {
    const response = await fetch(this.#base + path, {
      ...init,
      headers: { 'content-type': 'application/json', 'x-api-key': this.#policy.apiKey },
      // Somewhere else, the key has no business.
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(this.#callMs)]),
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`its service answered ${response.status}`);
    }
    return response.json();
  }
}

function addressOf(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return endpoint.replace(/\/+$/, '');
  throw new HarnessError('VALIDATION', 400, 'policy.endpoint must be an http or https address');
}

function deny(message: string): PermissionAnswer {
  return { behavior: 'deny', message, interrupt: true };
}
