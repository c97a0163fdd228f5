import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../../../test/helpers/until.ts';
import { buildBundle } from '../helpers/bundle.ts';
import { rejection } from '../helpers/harness.ts';
import { ParkedHarness, TOKEN } from '../helpers/parked.ts';

let folder: string;
let bundle: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'harness-renewal-'));
  bundle = await buildBundle(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const PRIVATE_LINE = 'c2VjcmV0IGxpbmUgb2YgdGhlIHByaXZhdGUga2V5';
const identity = {
  machineId: '0123456789abcdef0123456789abcdef',
  hostname: 'ca-1-0a',
  hostKey: {
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${PRIVATE_LINE}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicKey: 'ssh-ed25519 AAAA host',
  },
  authorizedKey: 'ssh-ed25519 BBBB login',
  seed: Buffer.alloc(64, 0xab).toString('base64'),
  time: 1_700_000_000_000,
  mac: '52:54:00:0a:0b:0c',
};
const CLAIM = { token: TOKEN, env: { A_KEY: 'a-value-of-the-env' }, identity };
const SECRETS = [TOKEN, CLAIM.env.A_KEY, PRIVATE_LINE, identity.seed, 'ab'.repeat(64)];

/** Stands in for the program that renews: a shell that says it is ready, then does what the test says. */
const helper = (what: string) => ({ command: ['/bin/sh', '-c', `echo ready\n${what}`] });
const park = (what: string) => ParkedHarness.start(bundle, folder, helper(what));
const waitFor = (file: string) => `until [ -e ${file} ]; do sleep 0.02; done`;
const TAKE = 'while read -r line && [ "$line" != end ]; do fields="${fields:-}$line\n"; done';

describe('a parked harness that renews its machine', () => {
  it('serves once the machine has its identity, which comes to the helper over standard input alone', async () => {
    const seen = join(folder, 'seen');
    await using harness = await park(`${TAKE}; printf '%b' "$fields" > ${seen}; echo renewed`);
    expect((await harness.claim(CLAIM)).status).toBe(200);
    expect(await harness.state()).toBe('ready');
    expect(await harness.refusal('/v1/sessions/x', TOKEN)).toEqual([404, 'NOT_FOUND']);
    const lines = (await readFile(seen, 'utf8')).trim().split('\n');
    const fields = lines.map((line) => {
      const [name = '', hex = ''] = line.split(' ');
      return [name, name === 'seed' ? hex : Buffer.from(hex, 'hex').toString()];
    });
    expect(Object.fromEntries(fields)).toEqual({
      'machine-id': identity.machineId,
      hostname: identity.hostname,
      'host-key': identity.hostKey.privateKey,
      'host-key-public': identity.hostKey.publicKey,
      'authorized-key': identity.authorizedKey,
      seed: 'ab'.repeat(64),
      time: String(identity.time),
      mac: identity.mac,
    });
    expectNoSecret(harness.process.stdout + harness.process.stderr);
  });

  it('refuses a claim that brings no identity, or half of one, and stays parked', async () => {
    await using harness = await park(`${TAKE}; echo renewed`);
    expect(await rejection(harness.claim({ ...CLAIM, identity: undefined }))).toEqual([400, 'VALIDATION']);
    const half = { ...identity, hostKey: { publicKey: identity.hostKey.publicKey } };
    expect(await rejection(harness.claim({ ...CLAIM, identity: half }))).toEqual([400, 'VALIDATION']);
    expect(await harness.state()).toBe('parked');
    expect((await harness.claim(CLAIM)).status).toBe(200);
  });

  it.each([
    ['fails', 'no such step', `${TAKE}; echo "no such step" >&2; exit 3`],
    ['says what it was given', 'no such step', `${TAKE}; printf 'no such step %b' "$fields" >&2; exit 3`],
    ['ends without a word', 'it ended with 0', TAKE],
    ['ends before it has read everything', 'it ended with 0', 'exit 0'],
  ])('never serves and ends itself with 96 when the helper %s', async (_what, says, does) => {
    // Waits for the claim, so that it does not end before.
    await using harness = await park(`read -r line; ${does}`);
    const answer = await harness.claim(CLAIM);
    expect(answer.status).toBe(500);
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'RENEWAL_FAILED' } });
    expect(text).toContain(says);
    await expect(served(harness)).resolves.toBe(false);
    expect(await harness.process.exited).toBe(96);
    expect(harness.process.stderr).toContain('renewal.failed');
    expectNoSecret(text + harness.process.stdout + harness.process.stderr);
  });

  it('waits on with another secret when it is renewed before it is claimed', async () => {
    await using harness = await park(`${TAKE}; echo renewed`);
    const next = 'the-secret-after-the-renewal';
    const { identity: _, ...claim } = CLAIM;
    expect(await rejection(harness.renew({ secret: next, identity }, 'wrong'))).toEqual([
      401,
      'UNAUTHORIZED',
    ]);
    expect(await rejection(harness.renew({ secret: next }))).toEqual([400, 'VALIDATION']);
    const renewed = await harness.renew({ secret: next, identity });
    expect([renewed.status, await renewed.json()]).toEqual([200, { ok: true, state: 'parked' }]);
    expect(await harness.state()).toBe('parked');
    expect(await rejection(harness.claim(claim))).toEqual([401, 'UNAUTHORIZED']);
    expect(await rejection(harness.renew({ secret: next, identity }, next))).toEqual([400, 'VALIDATION']);
    expect(await rejection(harness.claim(CLAIM, next))).toEqual([400, 'VALIDATION']);
    expect((await harness.claim(claim, next)).status).toBe(200);
    expect(await rejection(harness.claim(claim, next))).toEqual([410, 'ALREADY_CLAIMED']);
    expect(await harness.refusal('/v1/sessions/x', TOKEN)).toEqual([404, 'NOT_FOUND']);
    expectNoSecret(harness.process.stdout + harness.process.stderr);
    expect(harness.process.stderr).not.toContain(next);
  });

  it('ends itself with 96 when a renewal before the claim fails', async () => {
    await using harness = await park(`${TAKE}; exit 3`);
    const answer = await harness.renew({ secret: 'the-secret-after-the-renewal', identity });
    expect(answer.status).toBe(500);
    expect(await harness.process.exited).toBe(96);
  });

  it('serves nobody while the machine is renewed', async () => {
    const [taken, go] = [join(folder, 'taken'), join(folder, 'go')];
    await using harness = await park(`${TAKE}; : > ${taken}; ${waitFor(go)}; echo renewed`);
    const claiming = harness.claim(CLAIM);
    await until('the claim is taken', () => existsSync(taken));
    expect(await rejection(harness.claim(CLAIM))).toEqual([410, 'ALREADY_CLAIMED']);
    expect(await harness.state()).toBe('parked');
    expect(await harness.refusal('/v1/sessions/x', TOKEN)).toEqual([401, 'UNAUTHORIZED']);
    await writeFile(go, '');
    expect((await claiming).status).toBe(200);
  });

  it('ends itself with 96 when the helper ends before the claim', async () => {
    const parked = join(folder, 'parked');
    await using harness = await park(`${waitFor(parked)}; echo "it was ended" >&2`);
    await writeFile(parked, '');
    expect(await harness.process.exited).toBe(96);
    expect(harness.process.stderr).toContain('it was ended');
  });

  it('does not listen without a helper that is ready', async () => {
    for (const command of [
      ['/none/renew'],
      ['/bin/sh', '-c', 'echo "sudo: a password is required" >&2; exit 1'],
    ]) {
      await expect(ParkedHarness.start(bundle, folder, { command })).rejects.toThrow(
        /ended with 1: .*(none|sudo)/,
      );
    }
  });
});

async function served({ url }: ParkedHarness): Promise<boolean> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const answer = await fetch(`${url}/v1/sessions/x`, { headers }).catch(() => undefined);
  return answer !== undefined && answer.status !== 401;
}

function expectNoSecret(text: string): void {
  for (const secret of SECRETS) expect(text).not.toContain(secret);
}
