import { VzvmError } from '../errors.ts';
import type { SshConnection } from '../ssh/index.ts';
import type { VmSession } from './session.ts';

const TIMEOUT_MS = 15_000;
const ADDRESSES = 'cat /sys/class/net/*/address';

/**
 * Sees to it that it is this VM that answers at its address: addresses are handed out anew, and the next machine may answer
 * to the last one's.
 */
export class FirstContact {
  readonly #vm: VmSession;
  #isProven = false;

  constructor(vm: VmSession) {
    this.#vm = vm;
  }

  /**
   * Compares with the host keys that the driver knows, before anything is sent.
   * @throws VzvmError WRONG_GUEST: the guest may be making its keys only now, so trying again is safe.
   */
  async judge(hostKey: string, signal: AbortSignal): Promise<void> {
    const known = (await this.#vm.driver.hostKeys?.(this.#vm.name, signal)) ?? [];
    if (known.length === 0) return;
    if (!known.includes(hostKey)) throw this.#wrongGuest(known.join(' '), hostKey);
    this.#isProven = true;
  }

  /**
   * Where no host key was known the guest has to have the hardware address that it was given.
   * @throws VzvmError WRONG_GUEST; the connection is closed then.
   */
  async demandOwnGuest(connection: SshConnection, signal: AbortSignal): Promise<void> {
    if (this.#isProven) return;
    try {
      const expected = await this.#vm.driver.hardwareAddress?.(this.#vm.name);
      if (expected === undefined) return;
      const { stdout } = await connection.exec(ADDRESSES, { timeoutMs: TIMEOUT_MS, signal });
      const seen = stdout.toLowerCase().trim().split(/\s+/);
      if (!seen.includes(expected)) throw this.#wrongGuest(expected, seen.join(' '));
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  #wrongGuest(expected: string, seen: string): VzvmError {
    const guest = this.#vm.name;
    return new VzvmError('WRONG_GUEST', `another machine answers at the address of ${guest}`, {
      facts: { guest, expected, seen },
      hint: 'two VMs may have one address because none is left: look with npx vzvm doctor',
      retry: 'safe',
    });
  }
}
