import { installNode } from '../../src/actors/install-node.ts';
import { installPackages } from '../../src/actors/install-packages.ts';
import { guestConnection } from '../../src/actors/guest-connection.ts';
import { upload } from '../../src/actors/upload.ts';
import { connectSsh } from '../../src/ssh/index.ts';
import { run } from '../../src/process/run.ts';
import { type Answer, startAnsweringGuest } from '../helpers/answering-guest.ts';
import { rejection } from '../helpers/rejection.ts';
import { startScriptedSshd } from '../helpers/scripted-sshd.ts';
import { freePort } from '../helpers/sshd.ts';
import { startTestVm, type TestVm } from '../helpers/vm-session.ts';
import { never, type Provocation, withServer } from './provocation.ts';
import { dialTcp } from '../../src/drivers/dial-tcp.ts';

const login = { user: 'admin', auth: { password: 'a-password' }, signal: never };

/** What an actor says of a guest that answers a command so. */
async function whenAnswered(
  answer: (command: string) => Answer | undefined,
  work: (vm: TestVm) => Promise<unknown>,
  plan: Parameters<typeof startTestVm>[0] = {},
): Promise<unknown> {
  await using guest = await startAnsweringGuest(({ command }) => answer(command));
  await using vm = await startTestVm({ dial: () => guest.dial(), ...plan });
  vm.session.hostNpm = { registry: `http://127.0.0.1:${await freePort()}/` };
  return await rejection(work(vm));
}

/** What is told of a guest that was reached, or that should have been. */
export const ofGuests = {
  SSH_UNREACHABLE: () =>
    withServer(
      async (port) => {
        const error = await rejection(
          connectSsh({ ...login, dial: (signal) => dialTcp('127.0.0.1', port, signal) }),
        );
        return { error, says: ['closed before the SSH server said anything'], todo: 'sshd starts at boot' };
      },
      (socket) => socket.end(),
    ),

  SSH_AUTH_FAILED: async () => {
    await using sshd = await startScriptedSshd({ onAuth: (context) => context.reject() });
    const error = await rejection(connectSsh({ ...login, dial: () => sshd.dial() }));
    return { error, says: ['admin'], todo: 'sshPassword', hasCause: true };
  },

  SSH_HOST_KEY_CHANGED: async () => {
    await using sshd = await startScriptedSshd({});
    const options = { ...login, pinnedHostKey: 'SHA256:other', dial: () => sshd.dial() };
    const error = await rejection(connectSsh(options));
    return {
      error,
      says: ['another host key'],
      todo: 'dispose the VM',
      hasCause: true,
      has: { facts: { expected: 'SHA256:other' } },
    };
  },

  WRONG_GUEST: async () => {
    await using sshd = await startScriptedSshd({});
    await using vm = await startTestVm({ dial: () => sshd.dial() });
    Object.assign(vm.driver, { hostKeys: () => Promise.resolve(['SHA256:other']) });
    const error = await rejection(guestConnection(vm.session, never));
    return { error, says: [vm.session.name], todo: 'npx vzvm doctor' };
  },

  SSH_CLOSED: async () => {
    const error = await whenAnswered(
      () => 'hang up',
      async ({ session }) =>
        (await guestConnection(session, never)).exec('true', { timeoutMs: 30_000, signal: never }),
    );
    return { error, says: ['lost'], todo: 'connect again' };
  },

  COMMAND_FAILED: async () => {
    const error = await rejection(run('sh', ['-c', 'kill -9 $$'], { timeoutMs: 30_000 }));
    return { error, says: ['sh', 'SIGKILL'], todo: 'dmesg | grep -i "killed process"', hasCause: true };
  },

  COMMAND_TIMEOUT: async () => {
    const error = await rejection(run('sleep', ['60'], { timeoutMs: 50 }));
    return { error, says: ['sleep', '50 ms'], todo: 'sleep --version' };
  },

  UPLOAD_FAILED: async () => {
    const full = { code: 2, err: 'tar: write error: No space left on device' };
    const error = await whenAnswered(
      () => full,
      (vm) => vm.run(upload),
    );
    return { error, says: ['/home/admin/harness'], todo: 'diskGiB' };
  },

  NODE_INSTALL_FAILED: async () => {
    const error = await whenAnswered(
      () => ({ code: 100, err: 'E: no network' }),
      (vm) => vm.run(installNode),
    );
    return { error, says: ['npm: ', 'nodesource: E: no network'], todo: 'npm ping', hasCause: true };
  },

  NPM_INSTALL_FAILED: async () => {
    const refused = { code: 1, err: 'npm error code E401\nnpm error Unable to authenticate' };
    const error = await whenAnswered(
      () => refused,
      (vm) => vm.run(installPackages),
    );
    return { error, says: ['Unable to authenticate'], todo: 'npm whoami', hasCause: true };
  },

  PREPARE_FAILED: async () => {
    const answer = (command: string) =>
      command.includes('make-it-so') ? { code: 5, err: 'make-it-so: not found' } : undefined;
    const preparation = { packages: [], script: 'make-it-so' };
    const error = await whenAnswered(answer, (vm) => vm.run(installPackages), { plan: { preparation } });
    return { error, says: ['make-it-so: not found'], todo: 'the script of prepare', hasCause: true };
  },
} satisfies Record<string, Provocation>;
