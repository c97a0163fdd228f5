import { isAborted, VzvmError } from '../errors.ts';
import type { SshConnection } from '../ssh/index.ts';
import type { VmSession } from './session.ts';

/** Lets the guest reach ports of the host's loopback, for as long as this connection lasts. */
export async function forwardHostPorts(
  vm: VmSession,
  connection: SshConnection,
  signal: AbortSignal,
): Promise<void> {
  let isLost = false;
  void connection.closed.then(() => (isLost = true));
  for (const [guestPort, hostPort] of vm.plan.hostPorts) {
    try {
      await connection.forwardReverse({ hostPort, guestPort }, signal);
    } catch (error) {
      if (isAborted(error)) throw error;
      throw new VzvmError('PORT_TAKEN', `port ${guestPort} of the guest could not be forwarded to the host`, {
        facts: { guestPort, hostPort },
        hint: 'choose another guest port in hostPorts',
        // What held the port may be the connection that was lost: its sshd lets go of it in its own time.
        retry: isLost || vm.portsForwarded ? 'safe' : 'unsafe',
        cause: error,
      });
    }
  }
  vm.portsForwarded = true;
}
