import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { ClaimBody } from '@computeragent/protocol';
import { createApp } from '../app.ts';
import { abilities } from '../boot/full-app.ts';
import { listen } from '../boot/listen.ts';
import { healthOf } from '../http/health.ts';
import { silent } from '../log.ts';
import { kernelRandom } from '../random.ts';
import { createParkedApp } from './parked-app.ts';

/** After these the claim that counts is as fast as it gets; each takes milliseconds. */
const ROUNDS = 3;

/**
 * Does what a claim and the creation of a session will do, in an app of its own that is gone afterwards. Code that runs
 * for the first time has yet to be compiled: on a slow machine that is most of what a claim would take. The engine is
 * not run.
 */
export async function rehearse(): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) await rehearseOnce();
}

async function rehearseOnce(): Promise<void> {
  const secret = kernelRandom(24).toString('hex');
  const token = kernelRandom(24).toString('hex');
  const renewed = kernelRandom(24).toString('hex');
  const app = createParkedApp({
    secret,
    health: healthOf(abilities, 'parked'),
    renew: () => Promise.resolve(),
    onSecret: () => undefined,
    become: async (claim) => createApp({ ...abilities, token: claim.token, engineEnv: claim.env }),
    onLockedOut: () => undefined,
    log: silent,
  });
  const listening = await listen(app, '127.0.0.1', 0);
  const { port } = listening;
  try {
    await send(port, 'GET', '/v1/health');
    const { identity, ...claim } = claimWith(token);
    await send(port, 'POST', '/v1/renew', secret, { secret: renewed, identity });
    await send(port, 'POST', '/v1/claim', renewed, claim);
    const session = await send(port, 'POST', '/v1/sessions', token, inlineSession());
    const { sessionId } = JSON.parse(session) as { sessionId: string };
    await send(port, 'GET', `/t/${token}/v1/sessions/${sessionId}`);
    await send(port, 'GET', '/v1/health');
  } finally {
    await listening.close();
  }
}

async function send(port: number, method: string, path: string, bearer = '', body?: object): Promise<string> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${bearer}` };
  const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false });
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
