import { createDriver } from '../drivers/registry.ts';
import type { Driver } from '../drivers/driver.ts';
import { VzvmError } from '../errors.ts';
import { logCommand, quote } from '../guest/index.ts';
import type { Journal, VmAccess } from '../journal/index.ts';
import { connectSsh, type SshConnection } from '../ssh/index.ts';
import type { Streams } from '../ssh/streams.ts';
import { followFile } from './follow-file.ts';

const SSH_PORT = 22;
const CONNECT_TIMEOUT_MS = 30_000;

/** What of a VM's output is shown. */
export interface GuestLogOptions {
  /** The kernel's and the hypervisor's words, or the harness's. */
  readonly of: 'console' | 'harness';
  /** Goes on with what is added, until it is cancelled. @defaultValue false */
  readonly follow?: boolean;
  /** How many lines of what was there before. @defaultValue 200 */
  readonly lines?: number;
}

/** A way into a VM of any program of this user: by its own key, to the host key that was seen at first contact. */
export class GuestAccess {
  readonly #name: string;
  readonly #driver: Driver;
  readonly #access: VmAccess | undefined;

  private constructor(name: string, driver: Driver, access: VmAccess | undefined) {
    this.#name = name;
    this.#driver = driver;
    this.#access = access;
  }

  /** @throws VzvmError OPTION_INVALID where the journal knows no such VM. */
  static async to(journal: Journal, name: string): Promise<GuestAccess> {
    const record = await journal.read(name);
    if (!record) {
      const hint = 'look with: npx vzvm ls';
      throw new VzvmError('OPTION_INVALID', `there is no VM ${name}`, { facts: { guest: name }, hint });
    }
    const driver = await createDriver(record.recipe.driver, record.recipe.options);
    return new GuestAccess(name, driver, await journal.readAccess(name));
  }

  /** Runs a command in the guest with these streams, or a login shell where there is none; answers its exit status. */
  async run(argv: readonly string[], streams: Streams, signal: AbortSignal): Promise<number> {
    return this.#run(argv.length === 0 ? undefined : argv.map(quote).join(' '), streams, signal);
  }

  /** Writes what the guest has said. */
  async log(options: GuestLogOptions, streams: Streams, signal: AbortSignal): Promise<void> {
    const { of, follow = false, lines = 200 } = options;
    if (of === 'console') return this.#consoleLog({ follow, lines }, streams, signal);
    const { directory } = this.#demandAccess();
    await this.#run(logCommand({ directory, lines, follow }), streams, signal);
  }

  async #consoleLog(
    how: { readonly follow: boolean; readonly lines: number },
    { stdout }: Streams,
    signal: AbortSignal,
  ): Promise<void> {
    const file = this.#driver.consoleFile?.(this.#name);
    if (file !== undefined) await followFile(file, how, stdout, signal);
  }

  async #run(command: string | undefined, streams: Streams, signal: AbortSignal): Promise<number> {
    const connection = await this.#connect(signal);
    try {
      return await connection.run(command, streams, signal);
    } finally {
      await connection.close();
    }
  }

  #connect(signal: AbortSignal): Promise<SshConnection> {
    const { user, privateKey, hostKey } = this.#demandAccess();
    return connectSsh({
      dial: (dialSignal) => this.#driver.dial(this.#name, SSH_PORT, dialSignal),
      user,
      auth: { privateKey },
      pinnedHostKey: hostKey,
      signal: AbortSignal.any([signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]),
    });
  }

  #demandAccess(): VmAccess {
    if (this.#access) return this.#access;
    throw new VzvmError('UNSUPPORTED', `nobody has logged in to ${this.#name} yet`, {
      facts: { guest: this.#name },
      hint: `see how far it is: npx vzvm logs ${this.#name}`,
      retry: 'safe',
    });
  }
}
