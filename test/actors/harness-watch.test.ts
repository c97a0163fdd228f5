import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { reachGuest } from '../../src/actors/reach-guest.ts';
import { watchHarness } from '../../src/actors/watch-harness.ts';
import { type Answer, startAnsweringGuest } from '../helpers/answering-guest.ts';
import { startSshd } from '../helpers/sshd.ts';
import { tempDir } from '../helpers/temp.ts';
import { startTestVm } from '../helpers/vm-session.ts';

/** A harness that runs, and a real sshd through which it can be watched. */
async function servedHarness() {
  const temp = await tempDir();
  const sshd = await startSshd();
  const file = join(temp.path, 'harness.mjs');
  await writeFile(file, 'setInterval(() => {}, 1000);');
  const harness = spawn(process.execPath, [file], { stdio: 'ignore' });
  await writeFile(join(temp.path, 'harness.pid'), `${harness.pid}`);
  await writeFile(join(temp.path, 'harness.log'), 'its last words\n');
  const vm = await startTestVm({ dial: () => sshd.dial(), plan: { user: sshd.user, directory: temp.path } });
  vm.session.keys = { publicKey: '', privateKey: sshd.privateKey };
  return {
    vm,
    sshd,
    end: async () => {
      const exited = once(harness, 'exit');
      harness.kill('SIGKILL');
      await exited;
    },
    [Symbol.asyncDispose]: async () => {
      harness.kill('SIGKILL');
      await vm[Symbol.asyncDispose]();
      await sshd[Symbol.asyncDispose]();
      await temp[Symbol.asyncDispose]();
    },
  };
}

/** How the watch ends in a guest that answers it so. */
async function watchAnswered(answer: Answer) {
  await using guest = await startAnsweringGuest(() => answer);
  await using vm = await startTestVm({ dial: () => guest.dial() });
  const [result] = await Promise.allSettled([vm.run(watchHarness)]);
  return { result, watch: vm.session.harnessWatch };
}

describe('the watch over the harness', () => {
  it('survives a lost connection: it is made again, and then sees the end of the harness', async () => {
    await using served = await servedHarness();
    const { vm, sshd } = served;
    const first = vm.run(watchHarness).catch((error: unknown) => error);
    await vm.run(reachGuest);
    for (const login of sshd.sessions()) process.kill(login, 'SIGKILL');
    expect(await first).toMatchObject({ code: 'SSH_CLOSED', retry: 'safe' });
    await vm.run(reachGuest);
    const second = vm.run(watchHarness);
    await served.end();
    expect(await second).toEqual({ code: null, stderrTail: 'its last words' });
  });

  it('tells a guest that cannot be reached', async () => {
    await using vm = await startTestVm({ script: { dial: new Error('no route') } });
    await expect(vm.run(reachGuest)).rejects.toMatchObject({ code: 'SSH_UNREACHABLE', retry: 'safe' });
  });

  it('tells a guest that lets nobody do anything from one that can be reached', async () => {
    await using guest = await startAnsweringGuest(() => ({ code: 254, err: 'fork: out of memory' }));
    await using vm = await startTestVm({ dial: () => guest.dial() });
    await expect(vm.run(reachGuest)).rejects.toMatchObject({ code: 'COMMAND_FAILED', retry: 'safe' });
  });

  it('takes the end of its own command for no end of the harness', async () => {
    const { result, watch } = await watchAnswered({ code: 143 });
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'COMMAND_FAILED', retry: 'safe' } });
    expect(watch).toBeUndefined();
  });

  it('answers with the end of the log when the harness has ended', async () => {
    const { result } = await watchAnswered({ out: 'TypeError: x is not a function\n' });
    expect(result).toMatchObject({ value: { code: null, stderrTail: 'TypeError: x is not a function' } });
  });

  it('begins in a fork only when it has an identity of its own, and somebody can log in', async () => {
    await using guest = await startAnsweringGuest(() => ({ out: 'end' }));
    await using vm = await startTestVm({ dial: () => guest.dial() });
    const renewed = Promise.withResolvers<void>();
    Object.assign(vm.session, { template: 't', parking: { secret: 's', renews: true, renewed } });
    const watching = vm.run(watchHarness);
    await new Promise((resolve) => setImmediate(resolve));
    expect(vm.driver.calls.filter((call) => call.startsWith('dial'))).toEqual([]);
    renewed.resolve();
    expect(await watching).toMatchObject({ stderrTail: 'end' });
  });
});
