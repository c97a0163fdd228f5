import { request } from 'undici';
import { messageOf, tail, VzvmError } from '../errors.ts';
import { boundedText } from './bounded-text.ts';
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

/** Which harness is claimed, as what. */
export interface ClaimOptions {
  /** Where it listens, without a path. */
  readonly url: string;
  /** What it was parked with. */
  readonly secret: string;
  readonly claim: Claim;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/**
 * Claims a parked harness: it serves the claim's token, in a machine that has the claim's identity, once this resolves.
 * No error quotes a secret.
 * @throws VzvmError HARNESS_UNHEALTHY, COMMAND_TIMEOUT, ABORTED. Unless retry is "safe" the harness may have been
 * claimed, or be half renewed: nothing but an end of its VM is then sure.
 */
export async function claimHarness(options: ClaimOptions): Promise<void> {
  const answer = await ask(options);
  if (answer.status === 200 && isReady(answer.text)) return;
  const { status } = answer;
  const { code, message } = refusalOf(answer.text, secretsOf(options));
  const reason = message ?? `it answered with status ${status}`;
  throw new VzvmError('HARNESS_UNHEALTHY', `the harness refused the claim: ${reason}`, {
    facts: { status, code },
    hint:
      HINTS[code ?? ''] ?? 'check that what answers is a parked harness of this version; else boot a new VM',
  });
}

const HINTS: Readonly<Record<string, string>> = {
  UNAUTHORIZED: 'the secret is not the one it was parked with: claim with the secret of its template',
  ALREADY_CLAIMED: 'a harness is claimed once: dispose the VM and take another one',
  RENEWAL_FAILED:
    "dispose the VM; if it happens again, the image lacks something that its template's log names",
};

async function ask(options: ClaimOptions): Promise<{ status: number; text: string }> {
  const { url, secret, claim, signal, timeoutMs } = options;
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    const { statusCode, body } = await request(`${url}/v1/claim`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify(stamped(claim)),
      signal: AbortSignal.any([signal, deadline]),
    });
    return { status: statusCode, text: await boundedText(body) };
  } catch (error) {
    throw unanswered(error, options, deadline.aborted);
  }
}

/** An identity made before its machine was started would set the clock back by as long. */
function stamped(claim: Claim): Claim {
  return claim.identity ? { ...claim, identity: { ...claim.identity, time: Date.now() } } : claim;
}

function unanswered(error: unknown, { signal, timeoutMs }: ClaimOptions, isLate: boolean): VzvmError {
  if (signal.aborted) return new VzvmError('ABORTED', 'claiming the harness was cancelled', { cause: error });
  if (isLate) {
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

function isReady(text: string): boolean {
  const answer = parsed(text);
  return isRecord(answer) && answer['state'] === 'ready';
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

function secretsOf({ secret, claim }: ClaimOptions): string[] {
  const { hostKey, seed = '' } = claim.identity ?? {};
  return [secret, claim.token, ...Object.values(claim.env), seed, ...(hostKey?.privateKey.split('\n') ?? [])];
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
