import { describe, expect, it } from 'vitest';
import {
  type ActionRecord,
  type DigestRecord,
  GrowingPath,
  type InspectorRecord,
  type MicrostepRecord,
  Recorder,
} from '../../src/inspector/index.ts';
import { PackedNumbers } from '../../src/inspector/quiet/packed-numbers.ts';
import { VzvmError } from '../../src/errors.ts';
import { factsOf, simulateVm } from './simulated-vm.ts';

const fails = (message: string) => () => {
  throw new VzvmError('CLONE_FAILED', message, { retry: 'safe' });
};

/** A boot and its end, recorded twice: by one to whom somebody listens, and by one to whom nobody does. */
async function both(script = {}) {
  const [heard, quiet] = [new Recorder(), new Recorder()];
  heard.listen(() => undefined);
  const [one, other] = [heard.begin(factsOf('ca-1')), quiet.begin(factsOf('ca-1'))];
  const vm = simulateVm('ca-1', [one, other], script);
  return { one, other, vm };
}

const ofMachine = (records: readonly InspectorRecord[]) =>
  records.filter((record) => !('actor' in record) || record.actor === 'root');
const told = (records: readonly InspectorRecord[]): readonly string[] =>
  ofMachine(records).flatMap((record) => {
    if (record.kind === 'event') return record.event.type === 'xstate.init' ? [] : [record.event.type];
    if (record.kind === 'action') return [record.action];
    return record.kind === 'microstep' ? [`${record.active.join()}: ${record.reason}`] : [];
  });
const microsteps = (records: readonly InspectorRecord[]) =>
  records.filter((record): record is MicrostepRecord => record.kind === 'microstep');
const actions = (records: readonly InspectorRecord[]) =>
  records.filter((record): record is ActionRecord => record.kind === 'action');
const withoutHoles = (records: readonly InspectorRecord[]) =>
  expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => index + 1));

describe('somebody who comes late', () => {
  it('is told the same events, actions, microsteps and reasons as somebody who was there', async () => {
    const { one, other, vm } = await both({ clone: [fails('once'), () => undefined] });
    await vm.healthy();
    const late = other.since(0);
    expect(told(late)).toEqual(told(one.since(0)));
    expect(told(late).length).toBeGreaterThan(60);
    withoutHoles(late);
    const details = (records: readonly InspectorRecord[]) => JSON.stringify(actions(records)[2]?.params);
    expect(details(late)).toContain('"src":"clone"');
    expect(details(late)).not.toContain('ca-1');
    await vm.end();
    expect(told(other.since(0))).toEqual(told(one.since(0)));
  });

  it('is told what was derived, and of whom', async () => {
    const { one, other, vm } = await both();
    await vm.healthy();
    expect(actions(other.since(0)).every(({ derived }) => derived)).toBe(true);
    expect(actions(one.since(0)).some(({ derived }) => derived)).toBe(false);
    const names = (records: readonly InspectorRecord[]) =>
      records.flatMap((record) => (record.kind === 'actor' ? [record.name] : []));
    // Those that have ended are in the reasons.
    expect(names(other.since(0))).toEqual(['ca-1', 'watchProcess', 'watchHarness']);
    await vm.end();
  });

  it('is told all from then on, and after a second pause what was in that', async () => {
    const recorder = new Recorder();
    const of = recorder.begin(factsOf('ca-1'));
    const vm = simulateVm('ca-1', of);
    const seen = [...of.since(0)];
    const look = () => seen.push(...of.since(seen.at(-1)?.seq ?? 0));
    const stop = recorder.listen(look);
    await vm.healthy();
    stop();
    of.log('substrate', ['a line in between']);
    await vm.end();
    look();
    withoutHoles(seen);
    const path = new GrowingPath();
    for (const step of microsteps(seen)) path.take(step);
    expect(path.active).toContain('vm.disposed');
    const at = seen.findIndex(({ kind }) => kind === 'log');
    expect(microsteps(seen.slice(at))[0]?.reason).toContain('DISPOSE');
  });

  it('finds lines of a log where they belong', async () => {
    const { other, vm } = await both();
    await vm.healthy();
    other.log('substrate', ['it is healthy']);
    await vm.end();
    const records = other.since(0);
    withoutHoles(records);
    const at = records.findIndex(({ kind }) => kind === 'log');
    const before = microsteps(records.slice(0, at)).at(-1);
    expect(before?.active).toContain('vm.alive.running.provision.healthy');
    expect(microsteps(records.slice(at))[0]?.reason).toContain('DISPOSE');
  });
});

describe('VMs that go from the same state to the same other', () => {
  it('are told apart where one was cancelled and another has failed', async () => {
    const cancelled = () => {
      throw new VzvmError('ABORTED', 'cancelled');
    };
    const fatal = () => {
      throw new VzvmError('CLONE_FAILED', 'no such image');
    };
    const script = { clone: [fatal, cancelled, fatal] };
    const recorder = new Recorder();
    for (const name of ['ca-1', 'ca-2', 'ca-3'])
      await simulateVm(name, recorder.begin(factsOf(name)), script).ended();
    const reasons = recorder.vms.map((vm) => microsteps(vm.since(0))[1]?.reason);
    const failed = 'clone failed: no such image';
    expect(reasons).toEqual([failed, 'clone failed: cancelled, as wasAborted', failed]);
  });
});

describe('what is kept while nobody listens', () => {
  it('is bounded: of a long wait the older half goes into a digest, with its counts', async () => {
    const looks = Array.from({ length: 700 }, () => () => null);
    const { other, vm } = await both({ pollAddress: [...looks, () => '10.0.0.9'] });
    await vm.healthy();
    other.log('substrate', ['it is healthy']);
    const records = other.since(0);
    expect(records.length).toBeLessThan(620);
    const digest = records.find((record): record is DigestRecord => record.kind === 'digest');
    const path = new GrowingPath(digest?.path);
    for (const step of microsteps(records)) path.take(step);
    const { states, active } = path.path;
    expect(states['vm.alive.running.provision.ip-polling.waiting']?.count).toBe(700);
    expect(states['vm.alive.cloning']?.count).toBe(1);
    expect(active).toContain('vm.alive.running.provision.healthy');
    expect(records.at(-1)?.kind).toBe('snapshot');
    await vm.end();
  });

  it('is the reasons of the last failures alone, of one that fails again and again', async () => {
    const again = Array.from({ length: 40 }, (_, index) => fails(`failure ${index} of many`));
    const { other, vm } = await both({ pollAddress: [...again, () => '10.0.0.9'] });
    await vm.healthy();
    const failed = microsteps(other.since(0)).filter(({ reason }) => reason.includes('pollAddress failed'));
    expect(failed).toHaveLength(40);
    expect(failed.filter(({ reason }) => reason.includes('of many'))).toHaveLength(16);
    expect(failed.at(-1)?.reason).toContain('failure 39 of many');
    await vm.end();
  });
});

describe('packed numbers', () => {
  it('are read as they were written', () => {
    const numbers = [
      0,
      1,
      127,
      128,
      255,
      16_383,
      16_384,
      86_400_000,
      2 ** 31,
      2 ** 40,
      Number.MAX_SAFE_INTEGER,
    ];
    const packed = new PackedNumbers();
    expect([...packed]).toEqual([]);
    for (const number of numbers) packed.push(number);
    expect([...packed]).toEqual(numbers);
    expect(packed.size).toBe(1 + 1 + 1 + 2 + 2 + 2 + 3 + 4 + 5 + 6 + 8);
  });
});
