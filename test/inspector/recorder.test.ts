import { describe, expect, it } from 'vitest';
import {
  type DigestRecord,
  Feed,
  GrowingPath,
  type InspectorRecord,
  type MicrostepRecord,
  Recorder,
  type SnapshotRecord,
} from '../../src/inspector/index.ts';
import { VzvmError } from '../../src/errors.ts';
import { collectGarbage } from '../helpers/collect-garbage.ts';
import { factsOf, simulateVm } from './simulated-vm.ts';

const NEVER = () => new Promise(() => {});
const fails = (message: string) => () => {
  throw new VzvmError('CLONE_FAILED', message, { retry: 'safe', hint: 'try another image' });
};

async function recorded(script = {}, options = {}) {
  const recorder = new Recorder(options);
  recorder.listen(() => undefined);
  const recorder1 = recorder.begin(factsOf('ca-1'));
  const vm = simulateVm('ca-1', recorder1, script);
  return { recorder, of: recorder1, vm };
}

const microsteps = (records: readonly InspectorRecord[]) =>
  records.filter((record): record is MicrostepRecord => record.kind === 'microstep');
const lastOfRoot = (records: readonly InspectorRecord[]) =>
  records.findLast(
    (record): record is SnapshotRecord => record.kind === 'snapshot' && record.actor === 'root',
  );

describe('a boot', () => {
  it('is told without holes: the VM, its actors, events, microsteps with their reasons, actions, snapshots', async () => {
    const { of, vm } = await recorded();
    await vm.healthy();
    const records = of.since(0);
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => index + 1));
    expect(records[0]).toMatchObject({
      kind: 'vm',
      vm: 'ca-1',
      driver: 'fake',
      states: { 'vm.alive.cloning': {} },
    });
    expect(new Set(records.map(({ kind }) => kind))).toEqual(
      new Set(['vm', 'actor', 'event', 'microstep', 'action', 'snapshot']),
    );
    const reasons = microsteps(records).map(({ reason, active }) => `${active.at(-1)}: ${reason}`);
    expect(reasons).toContain('vm.alive.cloning.done: clone has ended well');
    expect(reasons.join('\n')).toContain('node-install.done: decided at once, as hasNode');
    expect(lastOfRoot(records)).toMatchObject({
      status: 'active',
      tags: ['ready'],
      context: { address: '10.0.0.9' },
    });
    await vm.end();
    expect(of.hasEnded).toBe(true);
    expect(lastOfRoot(of.since(0))).toMatchObject({
      status: 'done',
      value: 'disposed',
      output: { problems: [] },
    });
  });

  it('shows what failed, how often it was tried, and what to do', async () => {
    const { of, vm } = await recorded({ clone: [fails('the disk is slow'), fails('the disk is broken')] });
    await vm.ended();
    const records = of.since(0);
    const reasons = microsteps(records).map(({ reason }) => reason);
    expect(reasons).toContain('clone failed: the disk is slow, as canRetry');
    expect(reasons).toContain('clone failed: the disk is broken');
    expect(reasons).toContain('backOff is over');
    expect(lastOfRoot(records)?.context).toMatchObject({
      failure: { code: 'CLONE_FAILED', attempt: 2, hint: 'try another image' },
    });
  });

  it('is a function of its records: the path grows from them', async () => {
    const { of, vm } = await recorded({ clone: [fails('once'), () => undefined] });
    await vm.healthy();
    const path = new GrowingPath();
    for (const step of microsteps(of.since(0))) path.take(step);
    const { states, edges, active } = path.path;
    expect(states['vm.alive.cloning.trying']?.count).toBe(2);
    expect(states['vm.alive.cloning']?.count).toBe(1);
    expect(states['vm.alive.running.provision.healthy']?.visits).toHaveLength(1);
    expect(active).toContain('vm.alive.running.provision.healthy');
    expect(Object.values(edges).find(({ event }) => event.includes('after.backOff'))).toMatchObject({
      count: 1,
    });
    await vm.end();
  });
});

describe('what is kept', () => {
  it('is bounded, and a late viewer still sees path, failure and present state', async () => {
    const notYet = () => null;
    const looks = Array.from({ length: 400 }, () => notYet);
    const script = { pollAddress: [...looks, () => '10.0.0.9'], clone: [fails('once'), () => undefined] };
    const { of, vm } = await recorded(script);
    await vm.healthy();
    const late = of.since(0);
    const [first, begun, digest, ...rest] = late as [
      InspectorRecord,
      InspectorRecord,
      DigestRecord,
      ...InspectorRecord[],
    ];
    expect(late.length).toBeLessThan(700);
    expect(first.kind).toBe('vm');
    expect(begun).toMatchObject({ kind: 'actor', actor: 'root', name: 'ca-1' });
    expect(digest).toMatchObject({ kind: 'digest', vm: 'ca-1' });
    expect(digest.dropped).toBeGreaterThan(2_000);
    expect(rest[0]?.seq).toBe(digest.seq + 1);
    const path = new GrowingPath(digest.path);
    for (const step of microsteps(rest)) path.take(step);
    expect(path.path.states['vm.alive.cloning.trying']?.count).toBe(2);
    expect(path.path.states['vm.alive.running.provision.ip-polling.trying']?.count).toBe(401);
    expect(path.path.states['vm.alive.running.provision.ip-polling.trying']?.visits.length).toBeLessThan(30);
    expect(path.active).toContain('vm.alive.running.provision.healthy');
    await vm.end();
  });

  it('is told to a viewer that has seen it by a digest when it falls behind, and else from where it was', async () => {
    const { of, recorder, vm } = await recorded({
      pollAddress: [...Array.from({ length: 400 }, () => () => null), NEVER],
    });
    const early = of.since(0).at(-1)?.seq ?? 0;
    vm.clock.increment(1);
    const n = recorder.n;
    expect(of.since(early)[0]?.seq ?? early + 1).toBe(early + 1);
    expect(of.seqAt(n)).toBe(of.since(0).at(-1)?.seq);
    await vm.end();
  });

  it('has the last snapshot of every actor that lives, though it is long gone from the stream', async () => {
    const { of, vm } = await recorded({
      pollAddress: [...Array.from({ length: 400 }, () => () => null), () => '10.0.0.9'],
    });
    await vm.healthy();
    const digest = of.since(0).find((record): record is DigestRecord => record.kind === 'digest');
    expect(digest?.snapshots.length).toBeGreaterThan(1);
    expect(digest?.snapshots.every(({ actor, status }) => actor === 'root' || status === 'active')).toBe(
      true,
    );
    await vm.end();
  });

  it('is less of each VM where there are many, and VMs that ended long ago go', async () => {
    const recorder = new Recorder({ budget: 1_000, mostEnded: 3 });
    recorder.listen(() => undefined);
    for (let number = 1; number <= 20; number += 1) {
      const vm = simulateVm(`ca-${number}`, recorder.begin(factsOf(`ca-${number}`)));
      await vm.healthy();
      await vm.end();
    }
    const { vms } = recorder;
    expect(vms.map(({ name }) => name)).toEqual(['ca-18', 'ca-19', 'ca-20']);
    for (const vm of vms) expect(lastOfRoot(vm.since(0))).toMatchObject({ status: 'done' });
  });
});

describe('lines of the log', () => {
  it('belong to the VM whose name they begin with, or to none, and are bounded', () => {
    const recorder = new Recorder();
    const vm = recorder.begin(factsOf('ca-1'));
    vm.hide(['a-secret-of-the-vm']);
    recorder.log('ca-1: cloning');
    recorder.log('building an image with a-secret-of-the-vm');
    vm.log(
      'console',
      Array.from({ length: 3 }, (_, index) => `[    ${index}.0] kernel`),
    );
    for (let line = 0; line < 1_000; line += 1) vm.log('harness', [`line ${line}`]);
    const records = vm.since(0);
    expect(records.filter(({ kind }) => kind === 'log')).toHaveLength(402);
    expect(records[1]).toMatchObject({ kind: 'log', source: 'substrate', lines: ['cloning'] });
    const others = recorder.vms.find(({ name }) => name === '');
    expect(others?.since(0).at(-1)).toMatchObject({ lines: ['building an image with [redacted]'] });
  });
});

describe('while nobody listens', () => {
  it('the way so far is kept, and where the machine is is told to whoever comes', async () => {
    const recorder = new Recorder();
    const of = recorder.begin(factsOf('ca-1'));
    const vm = simulateVm('ca-1', of, { clone: [fails('once'), () => undefined] });
    await vm.healthy();
    const records = of.since(0);
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => index + 1));
    expect(new Set(records.map(({ kind }) => kind))).toEqual(
      new Set(['vm', 'actor', 'event', 'action', 'microstep', 'snapshot']),
    );
    expect(records.filter(({ kind }) => kind === 'snapshot')).toHaveLength(1);
    expect(microsteps(records).map(({ reason }) => reason)).toContain('clone failed: once, as canRetry');
    expect(lastOfRoot(records)).toMatchObject({
      tags: ['ready'],
      children: ['watchProcess', 'watchHarness'],
    });
    await vm.end();
    expect(lastOfRoot(of.since(0))).toMatchObject({ status: 'done' });
  });

  it('the end of a VM is kept, with its failure', async () => {
    const recorder = new Recorder();
    const of = recorder.begin(factsOf('ca-1'));
    const vm = simulateVm('ca-1', of, { clone: [fails('the disk is broken')] });
    await vm.ended();
    expect(of.hasEnded).toBe(true);
    expect(lastOfRoot(of.since(0))).toMatchObject({
      status: 'done',
      context: { failure: { code: 'CLONE_FAILED' } },
    });
  });
});

describe('somebody who listens', () => {
  it('is told of each entry at once, until they no longer listen', async () => {
    const recorder = new Recorder();
    let told = 0;
    const stop = recorder.listen(() => (told += 1));
    const vm = simulateVm('ca-1', recorder.begin(factsOf('ca-1')));
    await vm.healthy();
    expect(told).toBe(recorder.n);
    stop();
    await vm.end();
    expect(told).toBeLessThan(recorder.n);
  });
});

describe('a reader of whom alone the recorder is', () => {
  it('is told all, of which nothing is kept but a digest', async () => {
    const recorder = new Recorder();
    const told: InspectorRecord[] = [];
    const write = (records: readonly InspectorRecord[]) => Promise.resolve(void told.push(...records));
    const feed = new Feed(recorder, { write, caughtUp: () => undefined }, { forgets: true });
    const of = recorder.begin(factsOf('ca-1'));
    const vm = simulateVm('ca-1', of);
    await vm.healthy();
    of.log('substrate', ['it is healthy']);
    await feed.flush();
    expect(of.since(0).map(({ kind }) => kind)).toEqual(['vm', 'actor', 'digest']);
    await vm.end();
    await feed.flush();
    feed.stop();
    expect(told.map(({ seq }) => seq)).toEqual(told.map((_, index) => index + 1));
    expect(lastOfRoot(told)).toMatchObject({ status: 'done' });
    const [, , digest] = of.since(0) as [InspectorRecord, InspectorRecord, DigestRecord];
    expect(digest.path.active).toContain('vm.disposed');
  });
});

describe('a reader that goes on', () => {
  it('keeps nothing of VMs that have ended', async () => {
    const recorder = new Recorder({ mostEnded: 0 });
    const feed = new Feed(recorder, { write: () => Promise.resolve(), caughtUp: () => undefined });
    const live = async (name: string) => {
      const of = recorder.begin(factsOf(name));
      const vm = simulateVm(name, of);
      await vm.healthy();
      await vm.end();
      await feed.flush();
      return new WeakRef(of);
    };
    const ended = [await live('ca-1'), await live('ca-2')];
    await expect
      .poll(() => {
        collectGarbage();
        return ended.filter((of) => of.deref() !== undefined).length;
      })
      .toBe(0);
    feed.stop();
  });
});

describe('the definition of the machine', () => {
  it('is what is sent on of it: without functions, with nothing secret', async () => {
    const { of, vm } = await recorded();
    expect(JSON.parse(of.definition ?? '')).toMatchObject({
      id: 'vm',
      states: { alive: { states: { cloning: {} } } },
    });
    await vm.end();
  });
});
