import {
  conformanceChecks,
  type ConformanceTarget,
  httpTarget,
  runConformanceCheck,
} from '@computeragent/protocol/conformance';
import { describe, expect, it } from 'vitest';
import { listen } from '../../src/boot/listen.ts';
import { TestHarness } from '../helpers/harness.ts';
import { mock, TURNS } from './mock.ts';

const TOKEN = 'a-token-of-this-test';

/** The harness as a function. */
async function direct(): Promise<ConformanceTarget> {
  const harness = await TestHarness.start({ engines: [mock] });
  return {
    request: (path, init) => harness.request(path, init),
    close: () => harness[Symbol.asyncDispose](),
  };
}

/** The harness behind a port, and a token that is a part of its base URL. */
async function listening(): Promise<ConformanceTarget> {
  const harness = await TestHarness.start({ engines: [mock], token: TOKEN });
  const server = await listen(harness.app, '127.0.0.1', 0);
  return {
    ...httpTarget(`http://127.0.0.1:${server.port}/t/${TOKEN}`),
    close: async () => {
      await server.close();
      await harness[Symbol.asyncDispose]();
    },
  };
}

describe.each([
  ['as a function', direct],
  ['over a port', listening],
] as const)('the harness, %s', (_, target) => {
  const table = conformanceChecks.map((check) => [check.group, check.name, check] as const);
  it.each(table)('%s: %s', async (_group, _name, check) => {
    const { outcome, error } = await runConformanceCheck(check, target, { ...TURNS, timeoutMs: 30_000 });
    if (error) throw error;
    // A web page does not know the token.
    const isLeftOut = target === listening && check.needs === 'noSecret';
    expect(outcome).toBe(isLeftOut ? 'skipped' : 'passed');
  });
});
