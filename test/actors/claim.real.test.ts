import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildBundle } from '../../packages/harness/test/helpers/bundle.ts';
import { ParkedHarness, SECRET, TOKEN } from '../../packages/harness/test/helpers/parked.ts';
import { claimHarness, renewHarness, giveToken } from '../../src/actors/claim.ts';
import { newIdentity } from '../../src/actors/new-identity.ts';
import { VzvmError } from '../../src/errors.ts';
import { tempDir } from '../helpers/temp.ts';

let temp: Awaited<ReturnType<typeof tempDir>>;
let bundle: string;
beforeAll(async () => {
  temp = await tempDir();
  bundle = await buildBundle(temp.path);
});
afterAll(() => temp[Symbol.asyncDispose]());

const { identity } = newIdentity('vm');
const CLAIM = { token: TOKEN, env: { A_KEY: 'a-value-of-the-env' } };
const SECRETS = [
  SECRET,
  TOKEN,
  CLAIM.env.A_KEY,
  identity.seed,
  identity.hostKey.privateKey.split('\n')[1] ?? '',
];

const claim = (
  url: string,
  init: { claim?: object; secret?: string; signal?: AbortSignal; timeoutMs?: number } = {},
) =>
  claimHarness({
    url,
    secret: init.secret ?? SECRET,
    claim: { ...CLAIM, ...init.claim },
    signal: init.signal ?? new AbortController().signal,
    timeoutMs: init.timeoutMs ?? 15_000,
  });

/** The error of a claim, which must not tell any secret, wherever it is looked for. */
async function errorOf(claiming: Promise<void>): Promise<VzvmError> {
  const error = await claiming.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof VzvmError)) throw new Error(`expected a VzvmError, got ${String(error)}`);
  const cause = error.cause instanceof Error ? `${error.cause.stack}` : '';
  const told = `${error.stack}${JSON.stringify(error)}${error.hint}${cause}`;
  for (const secret of SECRETS) expect(told).not.toContain(secret);
  return error;
}

async function server(answer: RequestListener) {
  const listening = createServer(answer).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    const closed = once(listening, 'close');
    listening.close();
    listening.closeAllConnections();
    await closed;
  };
  return { url, close, [Symbol.asyncDispose]: close };
}

describe('renewing a parked harness before its claim', () => {
  it('makes it wait for a claim without an identity, by another secret', async () => {
    const command = [
      '/bin/sh',
      '-c',
      'echo ready; while read -r line && [ "$line" != end ]; do :; done; echo renewed',
    ];
    await using harness = await ParkedHarness.start(bundle, temp.path, { command });
    const nextSecret = 'the-secret-after-the-renewal';
    const { signal } = new AbortController();
    await renewHarness({ url: harness.url, secret: SECRET, identity, nextSecret, signal, timeoutMs: 30_000 });
    expect(await harness.state()).toBe('parked');
    expect((await errorOf(claim(harness.url))).code).toBe('HARNESS_UNHEALTHY');
    await claim(harness.url, { secret: nextSecret });
    expect(await harness.state()).toBe('ready');
  });

  it('fails when the harness has nothing to renew with, and tells no secret', async () => {
    await using harness = await ParkedHarness.start(bundle, temp.path);
    const parked = {
      url: harness.url,
      secret: SECRET,
      signal: new AbortController().signal,
      timeoutMs: 30_000,
    };
    const error = await errorOf(
      renewHarness({ ...parked, identity, nextSecret: 'the-secret-after-the-renewal' }),
    );
    expect(error).toMatchObject({ code: 'HARNESS_UNHEALTHY', facts: { status: 400, code: 'VALIDATION' } });
    expect(error.message).toContain('the harness refused the renewal');
  });
});

describe('giving a harness another token', () => {
  const NEXT = 'the-token-after-the-change';
  const give = (url: string, secret: string) =>
    giveToken({ url, secret, token: NEXT, signal: new AbortController().signal, timeoutMs: 30_000 });

  it('makes it refuse the one it had, also where it was claimed', async () => {
    await using harness = await ParkedHarness.start(bundle, temp.path);
    await claim(harness.url);
    await give(harness.url, TOKEN);
    expect(await harness.refusal('/v1/sessions/x', TOKEN)).toEqual([401, 'UNAUTHORIZED']);
    expect(await harness.refusal('/v1/sessions/x', NEXT)).toEqual([404, 'NOT_FOUND']);
    const error = await errorOf(give(harness.url, TOKEN));
    expect(error).toMatchObject({ code: 'HARNESS_UNHEALTHY', facts: { status: 401 } });
    expect(error.message).not.toContain(NEXT);
  });

  it('is refused by one that waits to be claimed', async () => {
    await using harness = await ParkedHarness.start(bundle, temp.path);
    expect(await errorOf(give(harness.url, SECRET))).toMatchObject({ facts: { status: 401 } });
  });
});

describe('claiming a parked harness', () => {
  it('makes it serve the token, once', async () => {
    await using harness = await ParkedHarness.start(bundle, temp.path);
    await claim(harness.url, { claim: { label: 'first' } });
    expect(await harness.refusal('/v1/sessions/x', TOKEN)).toEqual([404, 'NOT_FOUND']);
    expect(await errorOf(claim(harness.url))).toMatchObject({
      code: 'HARNESS_UNHEALTHY',
      facts: { status: 410, code: 'ALREADY_CLAIMED' },
      retry: 'unsafe',
    });
  });

  it('sends the identity with the time of the sending', async () => {
    const stale = { ...identity, time: 1 };
    const does = 'while read -r name hex && [ "$name" != end ]; do [ $name != time ] || time=$hex; done';
    const renew = { command: ['/bin/sh', '-c', `echo ready; ${does}; echo "time $time" >&2; exit 1`] };
    await using harness = await ParkedHarness.start(bundle, temp.path, renew);
    const before = Date.now();
    const error = await errorOf(claim(harness.url, { claim: { identity: stale } }));
    expect(error).toMatchObject({
      code: 'HARNESS_UNHEALTHY',
      facts: { status: 500, code: 'RENEWAL_FAILED' },
    });
    const sent = Number(Buffer.from(/time ([0-9a-f]+)/.exec(error.message)?.[1] ?? '', 'hex').toString());
    expect(sent).toBeGreaterThanOrEqual(before);
    expect(sent).toBeLessThanOrEqual(Date.now());
  });

  it('says which secret is wrong without telling it', async () => {
    await using harness = await ParkedHarness.start(bundle, temp.path);
    const error = await errorOf(claim(harness.url, { secret: 'the-secret-of-another-one' }));
    expect(error).toMatchObject({ code: 'HARNESS_UNHEALTHY', facts: { status: 401, code: 'UNAUTHORIZED' } });
    expect(error.hint).toContain('template');
  });

  it('tells what does not answer from what answers wrongly', async () => {
    const gone = await server(() => undefined);
    await gone.close();
    expect(await errorOf(claim(gone.url))).toMatchObject({ code: 'HARNESS_UNHEALTHY', retry: 'safe' });
    await using hangsUp = await server((request) => request.socket.destroy());
    expect(await errorOf(claim(hangsUp.url))).toMatchObject({ code: 'HARNESS_UNHEALTHY', retry: 'unsafe' });
    await using silent = await server(() => undefined);
    expect(await errorOf(claim(silent.url, { timeoutMs: 50 }))).toMatchObject({ code: 'COMMAND_TIMEOUT' });
    const cancelled = AbortSignal.abort();
    expect(await errorOf(claim(silent.url, { signal: cancelled }))).toMatchObject({ code: 'ABORTED' });
  });

  it.each([
    ['no JSON', 200, 'hello'],
    ['JSON that is none of ours', 200, '{"ok":true}'],
    ['a page without an end', 200, 'x'.repeat(200_000)],
    ['an error that is none of ours', 502, '{"error":"bad gateway"}'],
    [
      'an error that repeats what it was sent',
      500,
      JSON.stringify({ error: { message: SECRETS.join(' ') } }),
    ],
  ])('does not take %s for a harness', async (_what, status, text) => {
    await using strange = await server((_request, response) => response.writeHead(status).end(text));
    expect(await errorOf(claim(strange.url, { claim: { identity } }))).toMatchObject({
      code: 'HARNESS_UNHEALTHY',
      facts: { status },
    });
  });
});
