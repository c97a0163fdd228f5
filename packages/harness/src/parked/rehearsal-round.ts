import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { ClaimBody } from '@computeragent/protocol';
import { createApp, type HarnessApp } from '../app.ts';
import { abilities } from '../boot/full-app.ts';
import { listen } from '../boot/listen.ts';
import { healthOf } from '../http/health.ts';
import { silent } from '../log.ts';
import { kernelRandom } from '../random.ts';
import { createParkedApp } from './parked-app.ts';

/** What one round needs besides. */
export interface Round {
  /** Ends the request that is under way; what was opened is closed in any case. */
  readonly signal: AbortSignal;
  /** Told each request before it is sent. No secret is in it. */
  readonly onRequest: (what: string) => void;
  /** Makes the app that is asked, of the secret that may claim it. */
  readonly makeApp: (secret: string) => HarnessApp;
}

/** A parked harness that becomes a full one and renews nothing. */
export function rehearsalApp(secret: string): HarnessApp {
  return createParkedApp({
    secret,
    health: healthOf(abilities, 'parked'),
    renew: () => Promise.resolve(),
    onSecret: () => undefined,
    become: async (claim) => createApp({ ...abilities, token: claim.token, engineEnv: claim.env }),
    onLockedOut: () => undefined,
    log: silent,
  });
}

/** Claims a harness of its own over HTTP and creates a session there; leaves nothing. */
export async function rehearseOnce({ signal, onRequest, makeApp }: Round): Promise<void> {
  const [secret, token, renewed] = [random(), random(), random()];
  const listening = await listen(makeApp(secret), '127.0.0.1', 0);
  const { port } = listening;
  const ask = (asked: Asked): Promise<string> => {
    onRequest(`${asked.method} ${asked.path.replace(token, ':token')}`);
    return send({ port, signal, ...asked });
  };
  try {
    await ask({ method: 'GET', path: '/v1/health' });
    const { identity, ...claim } = claimWith(token);
    const renewal = { secret: renewed, identity };
    await ask({ method: 'POST', path: '/v1/renew', bearer: secret, body: renewal });
    await ask({ method: 'POST', path: '/v1/claim', bearer: renewed, body: claim });
    const session = await ask({ method: 'POST', path: '/v1/sessions', bearer: token, body: inlineSession() });
    const { sessionId } = JSON.parse(session) as { sessionId: string };
    await ask({ method: 'GET', path: `/t/${token}/v1/sessions/${sessionId}` });
    await ask({ method: 'GET', path: '/v1/health' });
  } finally {
    await listening.close();
  }
}

const random = (): string => kernelRandom(24).toString('hex');

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly bearer?: string;
  readonly body?: object;
}

async function send(asked: Asked & { readonly port: number; readonly signal: AbortSignal }): Promise<string> {
  const { method, path, port, signal, bearer = '', body } = asked;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${bearer}` };
  const sent = request({ host: '127.0.0.1', port, method, path, headers, signal, agent: false });
  sent.end(body && JSON.stringify(body));
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const said = await text(answer);
  if (answer.statusCode === undefined || answer.statusCode >= 300)
    throw new Error(`${method} ${path}: ${said}`);
  return said;
}

/** Of the form of a real one. */
function claimWith(token: string): ClaimBody {
  const key = `ssh-ed25519 ${'A'.repeat(68)} rehearsal`;
  const frame = (what: string): string => `-----${what} OPENSSH PRIVATE KEY-----\n`;
  const identity = {
    machineId: '0'.repeat(32),
    hostname: 'rehearsal',
    hostKey: { privateKey: `${frame('BEGIN')}${'A'.repeat(70)}\n${frame('END')}`, publicKey: key },
    authorizedKey: key,
    seed: 'A'.repeat(88),
    time: 1,
    mac: '52:54:00:00:00:00',
  };
  return { token, env: { REHEARSAL: 'a value' }, label: 'rehearsal', identity };
}

function inlineSession(): object {
  const source = { type: 'inline', manifest: { name: 'rehearsal', version: '0.0.0' } };
  const [engine, loader] = [abilities.engines[0].name, abilities.loaders[0].name];
  return { engine, identity: { loader, source }, envs: {}, streamingInput: true };
}
