import { describe, expect, it } from 'vitest';
import { connect } from '../../src/actors/connect.ts';
import { type Answer, startAnsweringGuest } from '../helpers/answering-guest.ts';
import { startTestVm } from '../helpers/vm-session.ts';

const MOUNTS = [{ source: '/host', target: '/mnt/a b', isWritable: false }];

async function firstContact(mounts: typeof MOUNTS, answer: Answer) {
  await using guest = await startAnsweringGuest(({ command }) =>
    command.includes('virtiofs') ? answer : { out: 'vzvm-probe arch=x86_64\n' },
  );
  await using vm = await startTestVm({ dial: () => guest.dial(), plan: { mounts } });
  const [result] = await Promise.allSettled([vm.run(connect)]);
  return { error: result.status === 'rejected' ? (result.reason as unknown) : undefined, asked: guest.asked };
}

describe('folders of the host', () => {
  it('are mounted at first contact, read-only, without devices and programs that become root', async () => {
    const { error, asked } = await firstContact(MOUNTS, { code: 0 });
    expect(error).toBeUndefined();
    const [mount] = asked.filter(({ command }) => command.includes('virtiofs'));
    expect(mount?.command).toMatch(/mount -t virtiofs -o ro,nosuid,nodev vzvm0 .*\/mnt\/a b/);
  });

  it('cost nothing where there are none', async () => {
    const { asked } = await firstContact([], { code: 1 });
    expect(asked.some(({ command }) => command.includes('virtiofs'))).toBe(false);
  });

  it('that cannot be mounted are named, with what to do', async () => {
    const { error } = await firstContact(MOUNTS, { code: 32, err: 'unknown filesystem type' });
    expect(error).toMatchObject({
      code: 'COMMAND_FAILED',
      message: expect.stringContaining('/mnt/a b') as string,
      stderrTail: expect.stringContaining('unknown filesystem') as string,
      hint: expect.stringContaining('npx vzvm exec ca-') as string,
    });
  });
});
