import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { PermissionAnswer, PermissionRequest } from '../../src/engine/engine.ts';
import { silent } from '../../src/log.ts';
import { srsPolicy } from '../../src/session/srs-policy.ts';
import { rejection, TestHarness } from '../helpers/harness.ts';
import { json, type PolicyCall, policyService } from '../helpers/policy-service.ts';
import { scriptedEngine } from '../helpers/scripted-engine.ts';
import { kindsOf } from '../helpers/sse.ts';

const INPUT = { command: 'ls' };
const call: PermissionRequest = { callId: 'c1', toolName: 'Bash', input: INPUT, risk: 'high' };
const never = new AbortController().signal;

/** Answers the policy, and each ruling as it is told. */
const ruling =
  (answer: (response: ServerResponse) => void) =>
  ({ method }: PolicyCall, response: ServerResponse): void =>
    method === 'GET'
      ? json(response, { cedar_guardrail: { c: 1 }, opa_guardrail: { o: 2 } })
      : answer(response);

const policyAt = (endpoint: string) => ({
  kind: 'srs' as const,
  endpoint,
  apiKey: 'the-key-of-the-service',
  policyId: 'p/1',
  principalId: 'user-1',
});

/** A session whose engine asks twice; answers what it was told and the kinds of its events. */
async function asked(endpoint: string, files: Record<string, string> = {}) {
  const answers: PermissionAnswer[] = [];
  const engine = scriptedEngine(async ({ askPermission }) => {
    for (const callId of ['c1', 'c2']) answers.push(await askPermission({ ...call, callId }));
  });
  await using harness = await TestHarness.start({ engines: [engine], limits: { permissionMs: 50 } });
  const source = { type: 'inline', manifest: { name: 'writer', version: '1.0.0' }, files };
  const identity = { loader: 'gitagentprotocol', source };
  const id = await harness.create({ policy: policyAt(endpoint), identity });
  return { answers, kinds: kindsOf(await harness.allFrames(id)) };
}

describe('a policy', () => {
  it('decides without the client, is fetched once, and is told what the service needs', async () => {
    await using service = await policyService(ruling((response) => json(response, { allowed: true })));
    const { answers, kinds } = await asked(`${service.endpoint}/`);
    expect(answers).toEqual(Array.from({ length: 2 }, () => ({ behavior: 'allow', updatedInput: INPUT })));
    expect(kinds).toEqual(['ca_session_started', 'ca_session_ended']);
    const body = {
      cedar_guardrail: { c: 1 },
      opa_guardrail: { o: 2 },
      tool_name: 'Bash',
      tool_args: INPUT,
      principal_id: 'user-1',
      bundle_id: 'writer',
      bundle_name: 'writer',
    };
    const key = 'the-key-of-the-service';
    const evaluation = { method: 'POST', path: '/v1/guardrails/evaluate-tool-call', key, body };
    expect(service.calls).toEqual([
      { method: 'GET', path: '/v1/rai/policies/p%2F1', key, body: undefined },
      evaluation,
      evaluation,
    ]);
  });

  it('can only refuse where the identity wants a person to decide', async () => {
    await using service = await policyService(ruling((response) => json(response, { allowed: true })));
    const yaml = 'name: w\nversion: "1"\ncompliance: {supervision: {human_in_the_loop: always}}\n';
    const { answers, kinds } = await asked(service.endpoint, { 'agent.yaml': yaml });
    expect(kinds).toContain('ca_permission_request');
    expect(answers).toEqual(Array.from({ length: 2 }, () => expect.objectContaining({ behavior: 'deny' })));
  });

  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    ['says no', (r) => json(r, { allowed: false, denied_by: 'cedar', reason: 'not today' }), /^not today$/],
    ['says no without a reason', (r) => json(r, { allowed: false, denied_by: 'opa' }), /opa/],
    ['says something else', (r) => json(r, { allowed: 'yes' }), /could not be asked/],
    ['says nothing that is JSON', (r) => r.end('<html>'), /could not be asked/],
    ['fails', (r) => json(r, { allowed: true }, 500), /answered 500/],
    ['sends elsewhere', (r) => r.writeHead(307, { location: '/v1/other' }).end(), /could not be asked/],
    ['hangs up', (r) => r.destroy(), /could not be asked/],
  ])('denies and interrupts when its service %s', async (_what, answer, message) => {
    await using service = await policyService(ruling(answer));
    const { answers } = await asked(service.endpoint);
    expect(answers).toEqual(
      Array.from({ length: 2 }, () => ({
        behavior: 'deny',
        message: expect.stringMatching(message),
        interrupt: true,
      })),
    );
  });

  it('denies when its service does not answer in time, and when the session is cancelled', async () => {
    await using service = await policyService(() => undefined);
    const init = { policy: policyAt(service.endpoint), sessionId: 's', agent: 'a', log: silent };
    const deny = expect.objectContaining({ behavior: 'deny' });
    expect(await srsPolicy({ ...init, callMs: 20 })(call, never)).toEqual(deny);
    const cancel = new AbortController();
    const answer = srsPolicy(init)(call, cancel.signal);
    cancel.abort();
    expect(await answer).toEqual(deny);
  });

  it('is fetched again after that has failed', async () => {
    let fetches = 0;
    await using service = await policyService(({ method }, response) => {
      if (method === 'GET' && fetches++ === 0) json(response, {}, 503);
      else json(response, { allowed: true });
    });
    const { answers } = await asked(service.endpoint);
    expect(answers).toMatchObject([{ behavior: 'deny' }, { behavior: 'allow' }]);
  });

  it('needs an address', async () => {
    await using harness = await TestHarness.start();
    for (const endpoint of ['nowhere', 'file:///etc/passwd']) {
      const response = harness.tryCreate({ policy: policyAt(endpoint) });
      expect(await rejection(response)).toEqual([400, 'VALIDATION']);
    }
    expect(await harness.workdirs()).toEqual([]);
  });
});
