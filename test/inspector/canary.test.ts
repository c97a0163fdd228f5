import { createWebSocketReceiver } from '@statelyai/inspect';
import { describe, expect, it } from 'vitest';
import { VzvmError } from '../../src/errors.ts';
import { BootError, VZVMSubstrate } from '../../src/substrate/index.ts';
import { startFakeGuest } from '../helpers/fake-guest.ts';
import { rejection } from '../helpers/rejection.ts';
import { until } from '../helpers/until.ts';
import { openEvents } from './event-source.ts';

const ENV = 'canary-of-an-environment/+=&"value';
const PASSWORD = 'canary-of-a-password';
const SHELL = `echo ${ENV}`;

/** Every way in which a text may be written on the way. */
const written = (text: string): readonly string[] => [
  text,
  encodeURIComponent(text),
  JSON.stringify(text).slice(1, -1),
  Buffer.from(text).toString('base64').replace(/=+$/, ''),
  Buffer.from(text).toString('base64url'),
];

/** A substrate with its page, and everything that it tells anybody. */
async function watched(script: NonNullable<Parameters<typeof startFakeGuest>[0]> = {}) {
  const guest = await startFakeGuest(script);
  const substrate = new VZVMSubstrate({
    ...guest.options,
    sshPassword: PASSWORD,
    inspector: { onUrl: () => undefined, stately: true },
  });
  const url = (await substrate.inspectorUrl()) ?? '';
  const events = await openEvents(`${url}events`);
  const messages: unknown[] = [];
  createWebSocketReceiver({ server: `${url.replace('http', 'ws')}stately/ws` }).subscribe(
    (event) => void messages.push(event),
  );
  return {
    guest,
    substrate,
    url,
    events,
    messages,
    /** All of it, also what somebody who comes late is told, and the pages. */
    async told(): Promise<string> {
      await using late = await openEvents(`${url}events`);
      await late.until('it is caught up', ({ type }) => type === 'caught-up');
      const pages = await Promise.all(
        ['', 'about', 'app.js', 'stately'].map(async (path) => (await fetch(`${url}${path}`)).text()),
      );
      return [...events.messages, ...late.messages, ...messages.map((each) => JSON.stringify(each)), ...pages]
        .map((each) => (typeof each === 'string' ? each : each.data))
        .join('\n');
    },
    [Symbol.asyncDispose]: async () => {
      await substrate.dispose();
      await events[Symbol.asyncDispose]();
      await guest[Symbol.asyncDispose]();
    },
  };
}

function expectNone(text: string, secrets: readonly string[]): void {
  expect(text.length).toBeGreaterThan(10_000);
  for (const secret of secrets)
    for (const form of written(secret)) expect(text.includes(form), `told ${form}`).toBe(false);
}

describe('a secret', () => {
  it('of the environment, the password or the token is told to nobody by a VM that serves, nor its log', async () => {
    await using at = await watched({
      harnessCode: `console.log('the harness says', process.env.HOME, ${JSON.stringify(SHELL)});`,
    });
    const { baseUrl, vm, shutdown } = await at.substrate.bootHarness({ envs: { KEY: ENV } });
    const token = baseUrl.split('/t/')[1] ?? '';
    await fetch(`${at.url}watch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ vm: vm.name }),
    });
    await at.events.until('the log of the harness is told', ({ data }) => data.includes('the harness says'));
    await shutdown();
    await until('its end is told', () => JSON.stringify(at.messages).includes('"status":"done"'));
    const told = await at.told();
    expect(told).toContain('the harness says');
    expectNone(told, [ENV, PASSWORD, token]);
  });

  it('is told to nobody by a VM that fails with it in its words', async () => {
    const message = `login with ${PASSWORD} failed; env was ${ENV}`;
    const failure = new VzvmError('SSH_AUTH_FAILED', message, {
      hint: `not ${PASSWORD}`,
      stderrTail: `tail ${ENV}`,
    });
    await using at = await watched({ script: { dial: failure } });
    expect(await rejection(at.substrate.bootHarness({ envs: { KEY: ENV } }))).toBeInstanceOf(BootError);
    await until('its failure is told', () => JSON.stringify(at.messages).includes('SSH_AUTH_FAILED'));
    await until('its end is told', () => JSON.stringify(at.messages).includes('"status":"done"'));
    const told = await at.told();
    expect(told).toContain('login with [redacted] failed; env was [redacted]');
    expect(told).toMatch(/"kind":"hint"[^}]*"hint":"not \[redacted\]"/);
    expectNone(told, [ENV, PASSWORD]);
  });

  it('of a claim is hidden from when it is claimed', async () => {
    await using at = await watched();
    const warm = new VZVMSubstrate({
      ...at.guest.options,
      inspector: { onUrl: () => undefined },
      warm: { size: 1 },
    });
    await warm.warmUp();
    const { vm } = await warm.bootHarness({ envs: { KEY: ENV } });
    at.guest.driver.killGuest(vm.name, { code: 9, stderrTail: `it said ${ENV}` });
    await at.events.until('its failure is told', ({ data }) => data.includes('it said [redacted]'));
    await warm.dispose();
    const told = await at.told();
    expect(told).toContain(vm.name);
    expectNone(told, [ENV]);
  });
});
