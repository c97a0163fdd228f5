import { messageOf, VzvmError } from '../errors.ts';
import { installKeyCommand } from '../guest/index.ts';
import { connectSsh, type SshConnection } from '../ssh/index.ts';
import { FirstContact } from './first-contact.ts';
import { forwardHostPorts } from './forward-host-ports.ts';
import type { VmSession } from './session.ts';
import { SharedAttempt } from './shared-attempt.ts';

const SSH_PORT = 22;

/**
 * The VM's one SSH connection: the open one, or a new one when it was lost, also for those who ask at the same time.
 * The password serves first contact only; afterwards it is the VM's own key and the pinned host key.
 */
export async function guestConnection(vm: VmSession, signal: AbortSignal): Promise<SshConnection> {
  if (vm.connection) return vm.connection;
  if (!vm.connecting?.isOpen) {
    vm.connecting = new SharedAttempt((cancelled) =>
      vm.scope.track(connected(vm, AbortSignal.any([cancelled, vm.scope.signal]))),
    );
  }
  return vm.connecting.join(signal);
}

/** Logs in, and nothing else: whoever asks closes it. */
export async function logIn(vm: VmSession, signal: AbortSignal): Promise<SshConnection> {
  const contact = new FirstContact(vm);
  const connection = await connectSsh({
    dial: (dialSignal) => vm.driver.dial(vm.name, SSH_PORT, dialSignal),
    user: vm.plan.user,
    auth: login(vm),
    ...(vm.hostKey === undefined
      ? { onHostKey: (hostKey) => contact.judge(hostKey, signal) }
      : { pinnedHostKey: vm.hostKey }),
    signal,
  });
  if (vm.hostKey === undefined) await contact.demandOwnGuest(connection, signal);
  return connection;
}

async function connected(vm: VmSession, signal: AbortSignal): Promise<SshConnection> {
  const connection = await logIn(vm, signal);
  vm.hostKey = connection.hostKey;
  try {
    await forwardHostPorts(vm, connection, signal);
  } catch (error) {
    await connection.close();
    throw error;
  }
  vm.connection = connection;
  vm.scope.add('ssh connection', () => connection.close());
  void connection.closed.then(() => {
    if (vm.connection === connection) delete vm.connection;
  });
  return connection;
}

/** Puts the VM's own public key into the guest, once. */
export async function installOwnKey(
  vm: VmSession,
  connection: SshConnection,
  signal: AbortSignal,
): Promise<void> {
  if (vm.keyInstalled || vm.image.acceptsKey) return;
  const result = await connection.exec(installKeyCommand(), {
    input: `${vm.keys.publicKey}\n`,
    timeoutMs: 30_000,
    signal,
  });
  if (result.exitCode !== 0) {
    throw new VzvmError('COMMAND_FAILED', `the VM's own key could not be installed: ${result.stderrTail}`, {
      exitCode: result.exitCode,
      stderrTail: result.stderrTail,
      retry: 'safe',
      hint: `check that the home directory of ${vm.plan.user} in the image is writable`,
    });
  }
  vm.keyInstalled = true;
}

function login(vm: VmSession): { privateKey: string } | { password: string } {
  if (vm.keyInstalled || vm.image.acceptsKey) return { privateKey: vm.keys.privateKey };
  if (vm.image.login?.privateKey !== undefined) return { privateKey: vm.image.login.privateKey };
  if (vm.plan.privateKey !== undefined) return { privateKey: vm.plan.privateKey };
  const password = vm.plan.password ?? vm.image.login?.password;
  if (password === undefined) {
    throw new VzvmError('OPTION_INVALID', `no login is known for image ${vm.image.ref}`, {
      facts: { image: vm.image.ref, user: vm.plan.user },
      hint: 'give sshPassword or sshPrivateKeyPath',
    });
  }
  return { password };
}

/** Runs a command in the guest that must succeed. */
export async function execInGuest(
  vm: VmSession,
  command: string,
  options: { timeoutMs: number; signal: AbortSignal; input?: string; logPrefix?: string },
): Promise<string> {
  const connection = await guestConnection(vm, options.signal);
  const result = await connection.exec(command, {
    timeoutMs: options.timeoutMs,
    signal: options.signal,
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.logPrefix === undefined
      ? {}
      : { onLine: (line: string) => vm.log(`${options.logPrefix}: ${line}`) }),
  });
  if (result.exitCode === 0) return result.stdout;
  throw new VzvmError('COMMAND_FAILED', `a command in the guest ended with ${result.exitCode}`, {
    exitCode: result.exitCode,
    stderrTail: result.stderrTail || result.stdout.slice(-4096),
    facts: { guest: vm.name },
    hint: `the end of its output is in this error; look into a guest kept by keepOnFailure: npx vzvm ssh ${vm.name}`,
  });
}

/** Rewrites a guest command's failure as the error of a step; leaves every other error as it is. */
export function asStepError(
  error: unknown,
  code: 'NODE_INSTALL_FAILED' | 'NPM_INSTALL_FAILED' | 'PREPARE_FAILED' | 'HARNESS_CRASHED',
  explain: (stderr: string) => { hint: string; retry: 'safe' | 'unsafe' },
): unknown {
  if (!(error instanceof VzvmError) || error.code !== 'COMMAND_FAILED') return error;
  const { hint, retry } = explain(error.stderrTail ?? '');
  return new VzvmError(code, `${lastLine(error.stderrTail) ?? messageOf(error)}`, {
    facts: error.facts,
    hint,
    retry,
    cause: error,
    ...(error.stderrTail === undefined ? {} : { stderrTail: error.stderrTail }),
    ...(error.exitCode === undefined ? {} : { exitCode: error.exitCode }),
  });
}

function lastLine(text: string | undefined): string | undefined {
  return text?.split('\n').findLast((line) => line.trim() !== '');
}
