import { describe, expect, it } from 'vitest';
import { connect } from '../../src/actors/connect.ts';
import { type Answer, startAnsweringGuest } from '../helpers/answering-guest.ts';
import { startTestVm } from '../helpers/vm-session.ts';

const probe = (facts: Record<string, string>): Answer => ({
  out: Object.entries({ arch: 'x86_64', ...facts })
    .map(([key, value]) => `vzvm-probe ${key}=${value}\n`)
    .join(''),
});

async function firstContact(answer: Answer, options: { acceptsKey?: boolean; keyAnswer?: Answer } = {}) {
  await using guest = await startAnsweringGuest(({ command }) =>
    command.includes('authorized_keys') ? options.keyAnswer : answer,
  );
  const { acceptsKey = true } = options;
  await using vm = await startTestVm({ dial: () => guest.dial(), acceptsKey });
  const [result] = await Promise.allSettled([vm.run(connect)]);
  const facts = result.status === 'fulfilled' ? result.value : undefined;
  const error: unknown = result.status === 'rejected' ? result.reason : undefined;
  return { facts, error, session: vm.session, asked: guest.asked };
}

describe('first contact', () => {
  it.each([
    ['nothing', {}, { harnessUploaded: false, nodeReady: false, packagesReady: false }],
    ['the harness', { harness: 'harness-digest' }, { harnessUploaded: true }],
    ['another harness', { harness: 'old-digest' }, { harnessUploaded: false }],
    ['the packages', { packages: 'packages-digest' }, { packagesReady: true }],
    ['other packages', { packages: 'old-digest' }, { packagesReady: false }],
    ['Node and npm', { node: 'v20.1.0', npm: '/usr/bin/npm' }, { nodeReady: true }],
    ['an old Node', { node: 'v18.20.0', npm: '/usr/bin/npm' }, { nodeReady: false }],
    ['Node without npm', { node: 'v22.1.0' }, { nodeReady: false }],
  ])('finds in a guest with %s what there is to do', async (_what, has, expected) => {
    const { facts } = await firstContact(probe(has));
    expect(facts).toMatchObject(expected);
  });

  it('keeps what else it has learnt for later steps', async () => {
    const { session } = await firstContact(probe({ arch: 'aarch64', sudo: 'yes' }));
    expect(session.probe).toMatchObject({ arch: 'arm64', sudo: true });
    expect(session.hostKey).toMatch(/^SHA256:/);
  });

  it("puts the VM's own key into a guest that does not have it yet, by standard input", async () => {
    const { session, asked } = await firstContact(probe({}), { acceptsKey: false });
    expect(asked[0]?.input).toBe(`${session.keys.publicKey}\n`);
    expect(asked).toHaveLength(2);
    expect(session.keyInstalled).toBe(true);
  });

  it('may be made again where the key could not be put in', async () => {
    const keyAnswer = { code: 1, err: 'read-only file system' };
    const { error, session } = await firstContact(probe({}), { acceptsKey: false, keyAnswer });
    expect(error).toMatchObject({
      code: 'COMMAND_FAILED',
      retry: 'safe',
      message: expect.stringContaining('read-only') as string,
    });
    expect(session.keyInstalled).toBeUndefined();
  });

  it('refuses a guest with a processor that no harness runs on', async () => {
    const { error } = await firstContact(probe({ arch: 'riscv64' }));
    expect(error).toMatchObject({ code: 'UNSUPPORTED', facts: { machine: 'riscv64' } });
  });
});
