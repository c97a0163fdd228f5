import { messageOf, tail, VzvmError } from '../errors.ts';
import { askHttp, type HttpAnswer } from './ask-http.ts';
import type { GuestIdentity } from './new-identity.ts';

/** What a parked harness becomes. Secret. */
export interface Claim {
  readonly token: string;
  readonly env: Readonly<Record<string, string>>;
  /** For the harness's log. */
  readonly label?: string;
  /** For a machine that was copied with its memory. */
  readonly identity?: GuestIdentity;
}

/** Which harness is asked. */
interface Parked {
  /** Where it listens, without a path. */
  readonly url: string;
  /** What it was parked with; the token of one that serves. */
  readonly secret: string;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** Which harness is claimed, as what. */
export interface ClaimOptions extends Parked {
  readonly claim: Claim;
}

/** Which harness is renewed, and what it waits to be claimed with then. */
export interface RenewOptions extends Parked {
  readonly identity: GuestIdentity;
  readonly nextSecret: string;
}

/**
 * Claims a parked harness: it serves the claim's token, in a machine that has the claim's identity, once this resolves.
 * No error quotes a secret.
 * @throws VzvmError HARNESS_UNHEALTHY, COMMAND_TIMEOUT, ABORTED. Unless retry is "safe" the harness may have been
 * claimed, or be half renewed: nothing but an end of its VM is then sure.
 */
export async function claimHarness({ claim, ...parked }: ClaimOptions): Promise<void> {
  const secrets = [parked.secret, claim.token, ...Object.values(claim.env), ...secretsOf(claim.identity)];
  const body = claim.identity ? { ...claim, identity: stamped(claim.identity) } : claim;
  await demand(parked, { what: 'claim', path: '/v1/claim', body, secrets, state: 'ready' });
}

/**
 * Gives the machine of a parked harness its identity before anybody claims it; it then waits with another secret.
 * @throws VzvmError as {@link claimHarness}.
 */
export async function renewHarness({ identity, nextSecret, ...parked }: RenewOptions): Promise<void> {
  const secrets = [parked.secret, nextSecret, ...secretsOf(identity)];
  const body = { secret: nextSecret, identity: stamped(identity) };
  await demand(parked, { what: 'renewal', path: '/v1/renew', body, secrets, state: 'parked' });
}

/** Which harness that serves is given another token. */
export interface TokenOptions extends Parked {
  readonly token: string;
}

/**
 * Has a harness serve another token in the place of its own, which it refuses from then on.
 * @throws VzvmError as {@link claimHarness}.
 */
export async function giveToken({ token, ...harness }: TokenOptions): Promise<void> {
  const secrets = [harness.secret, token];
  const hint = 'end the VM and make another copy';
  await demand(harness, {
    what: 'new token',
    path: '/v1/token',
    body: { token },
    secrets,
    state: 'ready',
    hint,
  });
}

interface Demand {
  /** What it is, for people. */
  readonly what: string;
  readonly path: string;
  readonly body: object;
  readonly secrets: readonly string[];
  /** What the harness says that it is then. */
  readonly state: string;
  /** What to do when it is refused, whatever for. */
  readonly hint?: string;
}

async function demand(parked: Parked, demanded: Demand): Promise<void> {
  const { what, path, body, secrets, state, hint } = demanded;
  const { status, text } = await ask(parked, path, body);
  if (status === 200 && stateOf(text) === state) return;
  const { code, message } = refusalOf(text, secrets);
  const reason = message ?? `it answered with status ${status}`;
  throw new VzvmError('HARNESS_UNHEALTHY', `the harness refused the ${what}: ${reason}`, {
    facts: { status, code },
    hint:
      hint ??
      HINTS[code ?? ''] ??
      'dispose the VM and boot a new one; if it happens again, see which version answers: GET /v1/health',
  });
}

const HINTS: Readonly<Record<string, string>> = {
  UNAUTHORIZED: 'the secret is not the one it was parked with: claim with the secret of its template',
  ALREADY_CLAIMED: 'a harness is claimed once: dispose the VM and take another one',
  RENEWAL_FAILED:
    "dispose the VM; if it happens again, the image lacks something that its template's log names",
};

async function ask(parked: Parked, path: string, content: object): Promise<HttpAnswer> {
  const { url, secret, signal, timeoutMs } = parked;
  try {
    return await askHttp(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify(content),
      signal,
      timeoutMs,
    });
  } catch (error) {
    throw unanswered(error, parked);
  }
}

/** An identity made before its machine was started would set the clock back by as long. */
const stamped = (identity: GuestIdentity): GuestIdentity => ({ ...identity, time: Date.now() });

function unanswered(error: unknown, { signal, timeoutMs }: Parked): VzvmError {
  if (signal.aborted) return new VzvmError('ABORTED', 'claiming the harness was cancelled', { cause: error });
  if (error instanceof VzvmError && error.code === 'COMMAND_TIMEOUT') {
    return new VzvmError('COMMAND_TIMEOUT', `the harness did not answer the claim within ${timeoutMs} ms`, {
      facts: { timeoutMs },
      hint: 'dispose the VM and take another one; if the host is busy, give it longer',
      cause: error,
    });
  }
  const refused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
  return new VzvmError('HARNESS_UNHEALTHY', `the harness cannot be reached: ${messageOf(error)}`, {
    hint: 'wait until GET /v1/health says that it is parked',
    retry: refused ? 'safe' : 'unsafe',
    cause: error,
  });
}

function stateOf(text: string): unknown {
  const answer = parsed(text);
  return isRecord(answer) ? answer['state'] : undefined;
}

function refusalOf(text: string, secrets: readonly string[]): { code?: string; message?: string } {
  const answer = parsed(text);
  const error = isRecord(answer) ? answer['error'] : undefined;
  if (!isRecord(error)) return {};
  const { code, message } = error;
  return {
    ...(typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? { code } : {}),
    ...(typeof message === 'string' ? { message: tail(without(secrets, message), 500) } : {}),
  };
}

function secretsOf(identity: GuestIdentity | undefined): string[] {
  return identity ? [identity.seed, ...identity.hostKey.privateKey.split('\n')] : [];
}

function without(secrets: readonly string[], text: string): string {
  const told = secrets.filter((secret) => secret.length >= 6);
  return told.reduce((masked, secret) => masked.replaceAll(secret, '***'), text);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
