import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VzvmError } from '../../../src/errors.ts';
import { VZVMSubstrate, type VZVMSubstrateOptions } from '../../../src/substrate/index.ts';
import { startFakeGuest } from '../../helpers/fake-guest.ts';
import { rejection } from '../../helpers/rejection.ts';
import { tempDir } from '../../helpers/temp.ts';

const CANARY = 'canary-of-a-customer';
/** Nothing about it looks like a secret: only its user knows. */
const failure = new VzvmError('SSH_AUTH_FAILED', `no login for ${CANARY}`, {
  hint: `ask ${CANARY}`,
  stderrTail: `tail of ${CANARY}`,
  facts: { customer: CANARY },
});
const redact = (_: string, value: unknown): unknown =>
  typeof value === 'string' ? value.replaceAll(CANARY, 'a customer') : value;

/** The trace of a boot that fails with the canary in all its words. */
async function traceOf(options: (path: string) => VZVMSubstrateOptions): Promise<string> {
  await using temp = await tempDir();
  const path = join(temp.path, 'trace.ndjson');
  await using guest = await startFakeGuest({ script: { dial: failure } });
  guest.driver.consoleTail = () => Promise.resolve(`login of ${CANARY}`);
  const substrate = new VZVMSubstrate({ ...guest.options, ...options(path) });
  await rejection(substrate.bootHarness({ envs: {} }));
  await substrate.dispose();
  return readFile(path, 'utf8');
}

describe("a trace's own say in what is written", () => {
  it('is asked for each value: events, context, failure, hint, console and log', async () => {
    const trace = await traceOf((path) => ({ trace: { path, redact } }));
    expect(trace).toContain('no login for a customer');
    expect(trace).toContain('login of a customer');
    expect(trace).toContain('ask a customer');
    expect(trace).not.toContain(CANARY);
  });

  it('is that of the page, where it has none', async () => {
    const inspector = { onUrl: () => undefined, redact };
    expect(await traceOf((trace) => ({ trace, inspector }))).not.toContain(CANARY);
    const other = (_: string, value: unknown): unknown => value;
    expect(await traceOf((path) => ({ trace: { path, redact: other }, inspector }))).toContain(CANARY);
  });

  it('hides nothing of that by itself', async () => {
    expect(await traceOf((trace) => ({ trace }))).toContain(CANARY);
  });
});
