import { describe, expect, it } from 'vitest';
import { VzvmError } from '../../../src/errors.ts';
import { Recorder, summarise } from '../../../src/inspector/index.ts';
import { factsOf, type Script, simulateVm } from '../simulated-vm.ts';

const busy = () => {
  throw new VzvmError('CLONE_FAILED', 'busy', { retry: 'safe' });
};
const noSpace = () => {
  throw new VzvmError('DISK_FULL', 'no space left', {
    hint: 'df -h',
    exitCode: 28,
    stderrTail: 'write: ENOSPC',
  });
};

/** The records of a VM that does what a script says, under its simulated clock. */
async function lived(script: Script, until: 'healthy' | 'ended', budget?: number) {
  let now = () => 0;
  const recorder = new Recorder({ now: () => now(), ...(budget === undefined ? {} : { budget }) });
  recorder.listen(() => undefined); // Whoever writes a trace hears all of it.
  const states = { 'vm.alive.cloning': { title: 'Clone the image', deadlineMs: 300_000 } };
  const kept = { title: 'kept' };
  const facts = {
    ...factsOf('ca-1'),
    states: {
      ...states,
      'vm.alive.running.provision.node-install': kept,
      'vm.alive.running.provision.healthy': kept,
      disposing: kept,
    },
  };
  const of = recorder.begin(facts);
  const vm = simulateVm('ca-1', of, script);
  now = () => vm.clock.now();
  await vm[until]();
  of.log('console', ['Kernel panic', 'not syncing']);
  const records = of.since(0);
  if (until === 'healthy') await vm.end();
  return summarise(records);
}

describe('the summary of a trace', () => {
  it('tells the steps, their times, attempts, and which were skipped', async () => {
    const [vm, ...others] = await lived({ clone: [busy, () => undefined] }, 'healthy');
    expect(others).toEqual([]);
    expect(vm).toMatchObject({ name: 'ca-1', end: 'ready', problems: [] });
    expect(vm?.steps).toMatchObject([
      {
        name: 'cloning',
        title: 'Clone the image',
        attempts: 2,
        skipped: false,
        isOpen: false,
        deadlineMs: 300_000,
      },
      { name: 'node-install', skipped: true, attempts: 1 },
      { name: 'healthy', isOpen: true },
    ]);
    expect(vm?.steps[0]?.ms).toBeGreaterThanOrEqual(500);
  });

  it('tells where a VM failed, and why', async () => {
    const [vm] = await lived({ startVm: [noSpace] }, 'ended');
    expect(vm).toMatchObject({
      end: 'failed',
      failure: {
        step: 'booting',
        code: 'DISK_FULL',
        message: 'no space left',
        hint: 'df -h',
        exitCode: 28,
        stderrTail: 'write: ENOSPC',
      },
      disposeReason: 'failed',
      console: ['Kernel panic', 'not syncing'],
    });
  });

  it('tells the same where the beginning was dropped', async () => {
    const [whole] = await lived({ startVm: [noSpace] }, 'ended');
    const [dropped] = await lived({ startVm: [noSpace] }, 'ended', 1);
    expect({ ...dropped, steps: dropped?.steps.map(({ name }) => name) }).toEqual({
      ...whole,
      steps: whole?.steps.map(({ name }) => name),
    });
  });

  it('leaves out what belongs to no VM', () => {
    expect(summarise([{ kind: 'log', vm: '', seq: 1, at: 1, source: 'substrate', lines: [] }])).toEqual([]);
  });
});
