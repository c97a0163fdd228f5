import { fromPromise } from 'xstate';
import { isAborted, messageOf, VzvmError } from '../errors.ts';
import { explainNodeFailure, nodesourceCommand, npmNodeCommand } from '../guest/index.ts';
import { asStepError, execInGuest } from './guest-connection.ts';
import { caPathInGuest, sendCertificates } from './host-certificates.ts';
import type { HostNpm } from './host-npm.ts';
import { resolveNodePackage } from './resolve-node.ts';
import type { ActorDeps, VmSession } from './session.ts';
import { step, type VmRef } from './step.ts';

const INSTALL_TIMEOUT_MS = 590_000;

type Way = (vm: VmSession, signal: AbortSignal) => Promise<string>;

const WAYS: Readonly<Record<'npm' | 'nodesource', Way>> = {
  npm: installFromNpm,
  nodesource: installFromNodesource,
};

/** Installs Node by the configured way; `auto` takes the first that works, and the log says which. */
export const installNode = (deps: ActorDeps) =>
  fromPromise<void, VmRef>(
    step(deps, async (vm, signal) => {
      // npm first: the next step needs that registry anyway, and its packages are checked against their integrity.
      const names = vm.plan.node.source === 'auto' ? (['npm', 'nodesource'] as const) : [vm.plan.node.source];
      const problems: string[] = [];
      let cause: unknown;
      for (const name of names) {
        try {
          vm.log(`Node ${await WAYS[name](vm, signal)} was installed by way of ${name}`);
          return;
        } catch (error) {
          if (isAborted(error) || isLost(error) || signal.aborted) throw error;
          cause = error;
          problems.push(`${name}: ${messageOf(error)}`);
          vm.log(`Node could not be installed by way of ${name}: ${messageOf(error)}`);
        }
      }
      throw failure(problems, cause);
    }),
  );

/** No way's fault: the step is to be tried again as a whole. */
const isLost = (error: unknown): boolean => error instanceof VzvmError && error.code.startsWith('SSH_');

function failure(problems: readonly string[], cause: unknown): VzvmError {
  const known = cause instanceof VzvmError ? cause : undefined;
  return new VzvmError('NODE_INSTALL_FAILED', `Node could not be installed (${problems.join('; ')})`, {
    retry: known?.retry ?? 'safe',
    hint: known?.hint ?? explainNodeFailure(messageOf(cause)).hint,
    cause,
    ...(known?.stderrTail === undefined ? {} : { stderrTail: known.stderrTail }),
    ...(known?.exitCode === undefined ? {} : { exitCode: known.exitCode }),
  });
}

async function installFromNpm(vm: VmSession, signal: AbortSignal): Promise<string> {
  const host = await sendCertificates(vm, signal);
  const found = await resolveNodePackage({
    registry: host.registry,
    major: vm.plan.node.major,
    arch: vm.probe?.arch ?? 'x64',
    signal,
    ...(host.token === undefined ? {} : { token: host.token }),
    ...(host.caPem === undefined ? {} : { caPem: host.caPem }),
  });
  const token = tokenFor(host, [found.node.url, found.npm.url]);
  const command = npmNodeCommand({
    ...found,
    directory: vm.plan.directory,
    hasToken: token !== undefined,
    ...caPathInGuest(vm),
  });
  await install(vm, command, signal, token);
  return found.node.version;
}

async function installFromNodesource(vm: VmSession, signal: AbortSignal): Promise<string> {
  await sendCertificates(vm, signal);
  await install(vm, nodesourceCommand({ major: vm.plan.node.major, ...caPathInGuest(vm) }), signal);
  return `${vm.plan.node.major}`;
}

/** The registry's token, unless a tarball is elsewhere: another host must never see it. */
function tokenFor(host: HostNpm, urls: readonly string[]): string | undefined {
  const registry = new URL(host.registry).host;
  return urls.every((url) => new URL(url).host === registry) ? host.token : undefined;
}

async function install(vm: VmSession, command: string, signal: AbortSignal, token?: string): Promise<void> {
  try {
    await execInGuest(vm, command, {
      timeoutMs: INSTALL_TIMEOUT_MS,
      signal,
      logPrefix: 'node',
      ...(token === undefined ? {} : { input: `${token}\n` }),
    });
  } catch (error) {
    throw asStepError(error, 'NODE_INSTALL_FAILED', explainNodeFailure);
  }
}
