import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { isAborted, VzvmError } from '../../errors.ts';
import { killed } from '../../process/end-process.ts';
import { readTail } from '../../process/spawn-detached.ts';
import { dialTcp } from '../dial-tcp.ts';
import type * as contract from '../driver.ts';
import { defaultCacheDir, defaultStateDir } from '../folders.ts';
import { parseGuestName } from '../guest-name.ts';
import { type GuestNetwork, isFiltered, readNetwork } from '../guest-network.ts';
import { foreignProcess } from '../foreign-process.ts';
import type { HostMount } from '../host-mount.ts';
import { demandKey } from '../kept.ts';
import { withLock } from '../lock.ts';
import { findAddress } from './address.ts';
import { explainBlocked, isBlocked } from './blocked-route.ts';
import { checkTart, MIN_FREE_MIB, thisHost, type TartHost } from './check.ts';
import { TartCli } from './cli.ts';
import { cloneVm } from './clone.ts';
import { damagedGuests } from './damaged.ts';
import { deleteVm } from './delete.ts';
import { dialByAgent, readHostKeys } from './guest-agent.ts';
import { HomeLock } from './home-lock.ts';
import { hintOfNoAddress } from './hints.ts';
import { resolveTartImage } from './image.ts';
import { findKeptVm, keepVm, listKeptVms, removeKeptVm, type KeptVms } from './kept.ts';
import { explainNoAddress, readLeases } from './leases.ts';
import { readMac } from './mac.ts';
import { mountFlags } from './mount-flags.ts';
import { networkFlags, resolversOf } from './network-flags.ts';
import { recipeOptions, type TartDriverOptions } from './options.ts';
import { findRun, writeRun } from './run-record.ts';
import { startVm } from './start.ts';
import { listVms } from './state.ts';
import { stopByTart, stopProcess } from './stop.ts';

/** Longer than any build takes: its owner's death frees the lock. */
const BUILD_WAIT_MS = 60 * 60_000;

/** A `tart run` of ours. */
interface Child {
  readonly pid: number;
  readonly exited: Promise<contract.ExitReport>;
  /** Aborted when it has exited: ends what waits for the guest. */
  readonly ended: AbortSignal;
}

/** The driver for Tart: Linux VMs on Apple Silicon, on Apple's Virtualization framework. */
export function createTartDriver(options: TartDriverOptions = {}): contract.Driver {
  return new TartDriver(options);
}

class TartDriver implements contract.Driver {
  readonly name = 'tart';
  readonly accelerator = 'vz';
  /** The system lets us through to no guest's address, but their agents do. */
  #isBlocked = false;
  readonly recipe: contract.DriverRecipe;
  readonly #tart: TartCli;
  readonly #stateDir: string;
  readonly #cacheDir: string;
  readonly #minFreeMiB: number;
  readonly #host: TartHost;
  readonly #network: GuestNetwork;
  readonly #mounts: readonly HostMount[];
  readonly #lock: HomeLock;
  readonly #children = new Map<string, Child>();

  constructor(options: TartDriverOptions) {
    this.#tart = new TartCli({ bin: options.tartBin ?? 'tart', home: options.tartHome });
    this.#cacheDir = options.cacheDir ?? defaultCacheDir();
    this.#stateDir = join(options.stateDir ?? defaultStateDir(), 'tart');
    this.recipe = { driver: this.name, options: recipeOptions(options, this.#cacheDir) };
    this.#minFreeMiB = options.minFreeMiB ?? MIN_FREE_MIB;
    this.#host = { ...thisHost(), ...options.host };
    this.#network = readNetwork(options.network ?? 'nat');
    this.#mounts = options.mounts ?? [];
    this.#lock = new HomeLock(this.#tart.home, options.log ?? (() => undefined));
  }

  get features(): contract.DriverFeatures {
    return {
      memorySnapshot: false,
      egressPolicy: isFiltered(this.#network),
      guestExec: true,
      directRoute: !this.#isBlocked,
      keepsRunning: false,
      takesKeys: false,
    };
  }

  check(signal: AbortSignal): Promise<readonly contract.Finding[]> {
    return checkTart(this.#tart, this.#host, this.#network, signal);
  }

  async resolveImage(ref: string, options: contract.ResolveOptions): Promise<contract.Image> {
    await this.#tart.version(options.signal);
    return resolveTartImage(this.#tart, ref, options);
  }

  clone(request: contract.CloneRequest, signal: AbortSignal): Promise<void> {
    return this.#lock.run(() => cloneVm(this.#tart, request, this.#minFreeMiB, signal), signal);
  }

  async start(guest: string, signal: AbortSignal): Promise<contract.GuestProcess> {
    await mkdir(this.#folder(guest), { recursive: true, mode: 0o700 });
    const flags = [...networkFlags(this.#network), ...mountFlags(this.#mounts)];
    const child = await this.#lock.run(
      () => startVm(this.#tart, guest, { logFile: this.#log(guest), flags }, signal),
      signal,
    );
    const { pid, exited, unref } = child;
    const end = new AbortController();
    void exited.then(() => end.abort());
    this.#children.set(guest, { pid, exited, ended: end.signal });
    try {
      await writeRun(this.#folder(guest), pid, signal);
    } catch (error) {
      await killed(child); // One that does not go is told by whoever releases the VM.
      throw error;
    }
    return { pid, exited, unref };
  }

  async adopt(guest: string, signal: AbortSignal): Promise<contract.GuestProcess | undefined> {
    const pid = await findRun(this.#folder(guest), signal);
    return pid === undefined ? undefined : foreignProcess(pid, () => this.consoleTail(guest));
  }

  /** A VM that has ended has no address, whatever Tart says: it answers from leases, which outlive VMs. */
  async address(guest: string, signal: AbortSignal): Promise<contract.GuestAddress | undefined> {
    const ended = this.#children.get(guest)?.ended;
    try {
      const found = await findAddress(
        this.#tart,
        guest,
        resolversOf(this.#network),
        AbortSignal.any([signal, ...(ended ? [ended] : [])]),
      );
      const why =
        found || ended?.aborted ? undefined : explainNoAddress(await readLeases(this.#host.leaseFile), guest);
      if (why) throw why;
      return found;
    } catch (error) {
      if (ended?.aborted && !signal.aborted) return undefined;
      throw error;
    }
  }

  /** Where the system lets nobody through to the address, the guest's agent does. */
  async dial(guest: string, port: number, signal: AbortSignal): Promise<Duplex> {
    if (this.#isBlocked) return this.#dialByAgent(guest, port, signal);
    const address = await this.address(guest, signal);
    if (!address)
      throw new VzvmError('DIAL_FAILED', `${guest} has no address`, {
        facts: { guest, port },
        hint: hintOfNoAddress(guest, this.#children.get(guest)?.ended.aborted === true),
        retry: 'safe',
      });
    try {
      return await dialTcp(address.host, port, signal);
    } catch (error) {
      if (!isBlocked(error)) throw error;
      // Known from now on, so that who has no time left for the agent now begins with it the next time.
      this.#isBlocked = true;
      return this.#dialByAgent(guest, port, signal, error);
    }
  }

  async #dialByAgent(guest: string, port: number, signal: AbortSignal, cause?: unknown): Promise<Duplex> {
    try {
      return await dialByAgent(this.#tart, guest, port, signal);
    } catch (error) {
      if (isAborted(error)) throw error;
      this.#isBlocked = false; // There is no agent, or not yet: its address is tried again.
      throw explainBlocked(cause ?? error, guest);
    }
  }

  hostKeys(guest: string, signal: AbortSignal): Promise<readonly string[]> {
    return readHostKeys(this.#tart, guest, signal);
  }

  hardwareAddress(guest: string): Promise<string | undefined> {
    return readMac(this.#tart.home, guest);
  }

  consoleTail(guest: string): Promise<string> {
    return readTail(this.#log(guest));
  }

  consoleFile(guest: string): string {
    return this.#log(guest);
  }

  async stop(guest: string, graceMs: number): Promise<void> {
    const child = this.#children.get(guest);
    const pid = child?.pid ?? (await findRun(this.#folder(guest)));
    if (pid === undefined) return stopByTart(this.#tart, guest);
    await stopProcess(guest, pid, graceMs);
    await child?.exited;
    this.#children.delete(guest);
  }

  async delete(guest: string): Promise<void> {
    if (parseGuestName(guest) === undefined) {
      throw new VzvmError('OPTION_INVALID', `${guest} is not a VM of ours`, {
        facts: { guest },
        hint: `if nobody uses it: tart delete ${guest}`,
      });
    }
    if (this.#children.has(guest)) await this.stop(guest, 0);
    await this.#lock.run(() => deleteVm(this.#tart, guest));
    await rm(this.#folder(guest), { recursive: true, force: true });
  }

  list(): Promise<readonly contract.GuestInfo[]> {
    return this.#lock.run(async () => {
      const vms = (await listVms(this.#tart)).filter(({ name }) => parseGuestName(name) !== undefined);
      const debris = (await damagedGuests(this.#tart.home)).map((name) => ({ name, running: false }));
      return [...vms, ...debris].map((vm) => ({ ...vm, running: vm.running || this.#hasLiving(vm.name) }));
    });
  }

  keepImage(request: contract.KeepRequest, signal: AbortSignal): Promise<void> {
    return this.#lock.run(() => keepVm(this.#kept, request, signal), signal);
  }

  whileBuilding<T>(
    key: string,
    options: contract.ResolveOptions,
    work: (tell: contract.LogLine) => Promise<T>,
  ): Promise<T> {
    demandKey(key);
    const lock = { ...options, timeoutMs: BUILD_WAIT_MS };
    return withLock(join(this.#kept.folder, `${key}.build`), lock, work);
  }

  findImage(key: string, signal: AbortSignal): Promise<contract.Image | undefined> {
    return this.#lock.run(() => findKeptVm(this.#kept, key, signal), signal);
  }

  listImages(): Promise<readonly contract.KeptImage[]> {
    return listKeptVms(this.#kept);
  }

  removeImage(key: string): Promise<void> {
    return this.#lock.run(() => removeKeptVm(this.#kept, key));
  }

  /** A child of ours is believed before Tart's list, which may miss what has just started. */
  #hasLiving(guest: string): boolean {
    return this.#children.get(guest)?.ended.aborted === false;
  }

  get #kept(): KeptVms {
    return { tart: this.#tart, folder: join(this.#cacheDir, 'tart') };
  }

  #folder(guest: string): string {
    return join(this.#stateDir, guest);
  }

  #log(guest: string): string {
    return join(this.#folder(guest), 'run.log');
  }
}
