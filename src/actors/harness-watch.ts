import { tail, VzvmError } from '../errors.ts';
import { watchCommand } from '../guest/index.ts';
import type { SshConnection } from '../ssh/index.ts';
import { guestConnection } from './guest-connection.ts';
import type { HarnessExit, HarnessWatch, VmSession } from './session.ts';

/** The watching channel lives as long as the VM; this only keeps the timer within what Node can hold. */
const WATCH_TIMEOUT_MS = 2 ** 31 - 1;

/** The watch over the harness; begun, over the VM's connection, unless there is one. */
export async function harnessWatch(vm: VmSession, signal: AbortSignal): Promise<HarnessWatch> {
  if (vm.harnessWatch) return vm.harnessWatch;
  const connection = await guestConnection(vm, signal);
  return (vm.harnessWatch ??= begin(vm, connection));
}

function begin(vm: VmSession, connection: SshConnection): HarnessWatch {
  const watch = { ended: ended(vm, connection) };
  watch.ended.catch(() => {
    if (vm.harnessWatch === watch) delete vm.harnessWatch;
  });
  return watch;
}

async function ended(vm: VmSession, connection: SshConnection): Promise<HarnessExit> {
  const command = watchCommand({ directory: vm.plan.directory });
  const result = await connection.exec(command, { timeoutMs: WATCH_TIMEOUT_MS });
  if (result.exitCode === 0) return { code: null, stderrTail: tail(result.stdout) };
  // Whoever ended the command that watches, in a guest that runs an agent, need not have ended the harness.
  throw new VzvmError(
    'COMMAND_FAILED',
    `the command that watches the harness ended with ${result.exitCode}`,
    {
      exitCode: result.exitCode,
      stderrTail: result.stderrTail,
      retry: 'safe',
      hint: `see whether it was ended in the guest: npx vzvm logs ${vm.name}`,
    },
  );
}
