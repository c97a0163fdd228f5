import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VzvmError } from '../../src/errors.ts';
import { readTrace, summarise } from '../../src/inspector/index.ts';
import { BootError, VZVMSubstrate } from '../../src/substrate/index.ts';
import { startFakeGuest } from '../helpers/fake-guest.ts';
import { rejection } from '../helpers/rejection.ts';
import { tempDir } from '../helpers/temp.ts';
import { openEvents } from './event-source.ts';

describe('what to do about a failed boot', () => {
  it('is what its error says, on the page and in the trace, also for who comes late', async () => {
    await using temp = await tempDir();
    const failure = new VzvmError('SSH_AUTH_FAILED', 'the guest refused', { hint: 'give sshPassword' });
    await using guest = await startFakeGuest({ script: { dial: failure } });
    guest.driver.consoleTail = () => Promise.resolve('Kernel panic - not syncing');
    const trace = join(temp.path, 'trace.ndjson');
    await using substrate = new VZVMSubstrate({
      ...guest.options,
      trace,
      inspector: { onUrl: () => undefined },
    });
    const error = await rejection(substrate.bootHarness({ envs: {} }));
    expect(error).toBeInstanceOf(BootError);
    const { hint } = error as BootError;
    // The console's evidence is more than the machine knows.
    expect(hint).toMatch(/kernel panic.*; or give sshPassword$/);
    await using late = await openEvents(`${await substrate.inspectorUrl()}events`);
    await late.until(
      'it is told',
      ({ data }) => data.includes(`"kind":"hint"`) && data.includes(String(hint)),
    );
    const { records } = await readTrace(trace);
    expect(summarise(records).map((vm) => vm.failure?.hint)).toEqual([hint]);
  });
});
