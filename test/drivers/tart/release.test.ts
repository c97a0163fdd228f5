import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stopProcess } from '../../../src/drivers/tart/stop.ts';
import { signalProcess } from '../../../src/process/end-process.ts';
import { endMarked, findMarked, GUEST_MARK } from '../../../src/process/marked.ts';
import { cloned, running } from '../../helpers/tart/guest.ts';
import { startTartBench, type TartBench } from '../../helpers/tart/index.ts';
import { startTart } from '../../helpers/tart/start-tart.ts';
import { until } from '../../helpers/until.ts';

describe('the Tart driver ends VMs', () => {
  let bench: TartBench;

  beforeEach(async () => {
    bench = await startTartBench();
  });
  afterEach(async () => {
    const left = await bench.driver.list();
    await bench[Symbol.asyncDispose]();
    if (left.length > 0) throw new Error(`left behind: ${JSON.stringify(left)}`);
  });

  const said = (guest: string) => readFile(join(bench.stateDir, 'tart', guest, 'run.log'), 'utf8');

  it('asks for a power cut again, which tart does not hear while it starts', async () => {
    await bench.fault('deaf-ms', '1500');
    const { guest, exited } = await running(bench.driver);
    await bench.driver.stop(guest, 0);
    expect(await exited).toMatchObject({ code: 0, signal: null });
    expect(await said(guest)).toContain('Stopping VM...');
    await bench.driver.delete(guest);
  });

  it('runs VMs in process groups of their own, so that a Ctrl-C is not their end', async () => {
    const { guest, pid } = await running(bench.driver);
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const [, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    expect(Number(group)).toBe(pid);
    await bench.driver.delete(guest);
  });

  it('kills what does not hear it at all', async () => {
    await bench.fault('deaf');
    const { guest, pid, exited } = await running(bench.driver);
    await stopProcess(guest, pid, 0, 10);
    expect(await exited).toMatchObject({ signal: 'SIGKILL' });
    await bench.driver.delete(guest);
  });

  it('presses the power button first where there is time, also of a VM that another program has started', async () => {
    const { guest, exited } = await running(bench.driver);
    const other = bench.another();
    const adopted = await other.adopt?.(guest, new AbortController().signal);
    await other.stop(guest, 30_000);
    expect(await exited).toMatchObject({ code: 0 });
    await adopted?.exited;
    expect(await said(guest)).toContain('guest has stopped the virtual machine');
    expect(await other.adopt?.(guest, new AbortController().signal)).toBeUndefined();
    await other.delete(guest);
  });

  it('waits until a VM is gone whose process is not known: tart stop returns before', async () => {
    const { guest, pid } = await running(bench.driver);
    await rm(join(bench.stateDir, 'tart', guest, 'run.json'));
    await bench.fault('fail-once-stop', '0 done');
    let isStopped = false;
    const stopping = bench
      .another()
      .stop(guest, 0)
      .then(() => (isStopped = true));
    const looks = async () => (await bench.calls()).filter((call) => call.startsWith(`get ${guest}`)).length;
    const before = await looks();
    await until('it looks again and again', async () => (await looks()) > before + 2);
    expect(isStopped).toBe(false);
    signalProcess(pid, 'SIGKILL');
    await stopping;
    await bench.driver.delete(guest);
  });

  it('deletes a VM that somebody else runs', async () => {
    const guest = await cloned(bench.driver);
    const { exit } = await startTart(bench, guest);
    await bench.driver.delete(guest);
    expect(await exit).toEqual([0, null]);
    expect(await bench.stateOf(guest)).toBe('none');
  });

  it('acts on the end of tart, though a child of it keeps its output open', async () => {
    await bench.fault('hold-output-s', '20');
    const { guest, exited } = await running(bench.driver);
    await bench.driver.stop(guest, 0);
    expect(await exited).toMatchObject({ code: 0 });
    expect(await findMarked(GUEST_MARK, guest)).toHaveLength(1);
    await endMarked(GUEST_MARK, guest);
    await bench.driver.delete(guest);
  });

  it('lists and deletes what is left of a VM of ours that tart does not know any more, and nothing of others', async () => {
    const guest = await cloned(bench.driver);
    await rm(join(bench.home, 'vms', guest, 'config.json'));
    await mkdir(join(bench.home, 'vms', 'theirs'));
    expect(await bench.stateOf(guest)).toBe('none');
    expect(await bench.driver.list()).toEqual([{ name: guest, running: false }]);
    await bench.driver.delete(guest);
    expect(await bench.driver.list()).toEqual([]);
    expect(await readdir(join(bench.home, 'vms'))).toEqual(['base', 'theirs']);
  });
});
