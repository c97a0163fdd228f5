import { readdir } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import type { Duplex } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { VzvmError } from '../../errors.ts';
import { readTail } from '../../process/spawn-detached.ts';
import type * as contract from '../driver.ts';
import { foreignProcess } from '../foreign-process.ts';
import { parseGuestName } from '../guest-name.ts';
import { chooseAccelerator } from './accelerator.ts';
import { hasAnnounced } from './announcement.ts';
import type { Accelerator } from './args.ts';
import { checkHost } from './check.ts';
import { cloneGuest } from './clone.ts';
import { dialTcp } from '../dial-tcp.ts';
import { freezeDisk } from './freeze.ts';
import { demandKeepable } from './keepable.ts';
import { runningPid } from './guest-run.ts';
import { hostArch } from './host.ts';
import type { Artifact } from './images/artifact.ts';
import { listBases, removeBase } from './images/bases.ts';
import {
  backingsOfKept,
  buildLock,
  findKept,
  keepDisk,
  keptDisk,
  listKept,
  removeKept,
  type KeptStore,
} from './images/kept.ts';
import { withLock } from '../lock.ts';
import { resolveArtifact } from './images/resolve.ts';
import { defaultCacheDir, defaultStateDir } from '../folders.ts';
import type { QemuOptions } from './options.ts';
import { guestFiles, type GuestFiles } from './paths.ts';
import { demandGuestName, noSuchGuest, notResolved } from './refusals.ts';
import { readRun, readSettings } from './settings.ts';
import { QemuSnapshots } from './snapshots/index.ts';
import { standstillOf } from './standstill.ts';
import { startGuest } from './start.ts';
import { deleteGuest, stopGuest } from './stop.ts';
import { qemuVersion } from './tools.ts';

/** Longer than any build takes: its owner's death frees the lock. */
const BUILD_WAIT_MS = 60 * 60_000;

/** The driver for QEMU: x86-64 and arm64 hosts, Linux and macOS. */
export function createQemuDriver(options: QemuOptions = {}): contract.Driver {
  return new QemuDriver(options);
}

class QemuDriver implements contract.Driver {
  readonly name = 'qemu';
  readonly features = {
    // Guests of macOS's hypervisor cannot be saved.
    memorySnapshot: process.platform === 'linux',
    egressPolicy: false,
    guestExec: false,
    directRoute: true,
    keepsRunning: true,
    takesKeys: true,
  };
  readonly #arch = hostArch();
  readonly #stateDir: string;
  readonly #cacheDir: string;
  readonly #bin: string;
  readonly #wanted: 'auto' | Accelerator;
  readonly #minFreeMiB: number;
  readonly #log: contract.LogLine;
  readonly #artifacts = new Map<string, Artifact>();
  readonly bases: contract.BaseImages;
  readonly snapshots?: QemuSnapshots;
  #accelerator: Accelerator | undefined;

  constructor(options: QemuOptions) {
    this.#stateDir = resolve(options.stateDir ?? defaultStateDir());
    this.#cacheDir = resolve(options.cacheDir ?? defaultCacheDir());
    const bin = options.qemuBin ?? this.#arch.qemu;
    // QEMU runs in another folder than we do.
    this.#bin = bin.includes(sep) ? resolve(bin) : bin;
    this.#wanted = options.accelerator ?? 'auto';
    this.#minFreeMiB = options.minFreeMiB ?? 1024;
    this.#log = options.log ?? (() => undefined);
    this.bases = this.#baseImages();
    if (this.features.memorySnapshot) this.snapshots = this.#memorySnapshots();
  }

  get accelerator(): Accelerator | undefined {
    return this.#accelerator;
  }

  get recipe(): contract.DriverRecipe {
    const options = { stateDir: this.#stateDir, cacheDir: this.#cacheDir, qemuBin: this.#bin };
    return { driver: this.name, options };
  }

  check(signal: AbortSignal): Promise<readonly contract.Finding[]> {
    return checkHost(
      { arch: this.#arch, bin: this.#bin, stateDir: this.#stateDir, cacheDir: this.#cacheDir },
      { minFreeMiB: this.#minFreeMiB, accelerator: this.#accelerator ?? this.#wanted },
      signal,
    );
  }

  async resolveImage(ref: string, options: contract.ResolveOptions): Promise<contract.Image> {
    const version = await qemuVersion(this.#bin, this.#arch.node, options.signal);
    const artifact = await resolveArtifact(ref, { cacheDir: this.#cacheDir, arch: this.#arch }, options);
    await this.#settleAccelerator(artifact.boot?.kernel, version, options);
    this.#artifacts.set(artifact.image.digest, artifact);
    return artifact.image;
  }

  async clone(request: contract.CloneRequest, signal: AbortSignal): Promise<void> {
    demandGuestName(request.guest);
    const artifact = this.#artifacts.get(request.image.digest);
    if (!artifact) throw notResolved(request.image);
    const context = { stateDir: this.#stateDir, minFreeMiB: this.#minFreeMiB, artifact, qemuImg: 'qemu-img' };
    await cloneGuest(request, context, signal);
  }

  async start(guest: string, signal: AbortSignal): Promise<contract.GuestProcess> {
    const files = this.#files(guest);
    const settings = await readSettings(files.settings);
    if (!settings) throw noSuchGuest(guest);
    const version = await qemuVersion(this.#bin, this.#arch.node, signal);
    const accelerator = await this.#settleAccelerator(settings.boot?.kernel, version, {
      signal,
      log: this.#log,
    });
    return startGuest(files, { guest, bin: this.#bin, arch: this.#arch, accelerator, settings }, signal);
  }

  async adopt(guest: string): Promise<contract.GuestProcess | undefined> {
    const files = this.#files(guest);
    const [pid, settings] = [await runningPid(files), await readSettings(files.settings)];
    if (pid === undefined || !settings) return undefined;
    const process = foreignProcess(pid, () => readTail(files.log));
    return { ...process, standstill: standstillOf(guest, files, settings.qmp) };
  }

  async address(guest: string): Promise<contract.GuestAddress | undefined> {
    const files = this.#files(guest);
    const address = await this.#forwards(files);
    if (!address || !(await readSettings(files.settings))?.announces) return address;
    return (await hasAnnounced(files.console)) ? address : undefined;
  }

  async dial(guest: string, port: number, signal: AbortSignal): Promise<Duplex> {
    const address = await this.#forwards(this.#files(guest));
    const hostPort = address?.ports?.[port];
    if (address && hostPort !== undefined) return dialTcp(address.host, hostPort, signal);
    throw new VzvmError(
      'DIAL_FAILED',
      address ? `port ${port} of ${guest} is not forwarded` : `${guest} does not run`,
      {
        facts: { guest, port },
        hint: address
          ? `only ports 22 and 7700 are: use ssh -L, or npx vzvm ssh ${guest}`
          : `see what became of it: npx vzvm inspect ${guest}`,
        retry: address ? 'unsafe' : 'safe',
      },
    );
  }

  async consoleTail(guest: string): Promise<string> {
    return stripVTControlCharacters(await readTail(this.#files(guest).console)).replaceAll('\r', '');
  }

  consoleFile(guest: string): string {
    return this.#files(guest).console;
  }

  async stop(guest: string, graceMs: number): Promise<void> {
    await stopGuest(guest, this.#files(guest), graceMs, this.#log);
  }

  async delete(guest: string): Promise<void> {
    await deleteGuest(guest, this.#files(guest), this.#log);
  }

  async list(): Promise<readonly contract.GuestInfo[]> {
    const names = await readdir(join(this.#stateDir, 'qemu')).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const ours = names
      .filter((name) => parseGuestName(name) !== undefined)
      .toSorted((one, other) => one.localeCompare(other));
    const running = ours.map(async (name) => ({
      name,
      running: (await runningPid(this.#files(name))) !== undefined,
    }));
    return Promise.all(running);
  }

  async keepImage(request: contract.KeepRequest, signal: AbortSignal): Promise<void> {
    const files = this.#files(request.guest);
    const base = this.#artifacts.get(request.base.digest);
    if (!base) throw notResolved(request.base);
    const freeze = async () => {
      await demandKeepable(request.guest, files, base.disk, signal);
      return { file: await freezeDisk(request.guest, files, signal), base };
    };
    await keepDisk(this.#store, request, freeze, signal);
  }

  whileBuilding<T>(
    key: string,
    options: contract.ResolveOptions,
    work: (tell: contract.LogLine) => Promise<T>,
  ): Promise<T> {
    return withLock(buildLock(this.#store, key), { ...options, timeoutMs: BUILD_WAIT_MS }, work);
  }

  async findImage(key: string): Promise<contract.Image | undefined> {
    const artifact = await findKept(this.#store, key);
    if (artifact) this.#artifacts.set(artifact.image.digest, artifact);
    return artifact?.image;
  }

  async listImages(): Promise<readonly contract.KeptImage[]> {
    const [images, used] = [await listKept(this.#store), await this.#disksOfGuests()];
    return images.map((image) => ({ ...image, inUse: used.includes(keptDisk(this.#store, image.key)) }));
  }

  removeImage(key: string): Promise<void> {
    return removeKept(this.#store, key);
  }

  /** Paths of the disks that guests rest on. */
  async #disksOfGuests(): Promise<readonly string[]> {
    const settings = (await this.list()).map(
      ({ name }) => readSettings(this.#files(name).settings).catch(() => undefined), // Another version's.
    );
    return (await Promise.all(settings)).flatMap((known) => (known?.base === undefined ? [] : [known.base]));
  }

  get #store(): KeptStore {
    return { cacheDir: this.#cacheDir };
  }

  #baseImages(): contract.BaseImages {
    const inUse = async () => [
      ...(await this.#disksOfGuests()),
      ...(await backingsOfKept(this.#store)),
      ...((await this.snapshots?.restedOn()) ?? []),
    ];
    const store = { cacheDir: this.#cacheDir, arch: this.#arch, inUse };
    return { list: () => listBases(store), remove: (key) => removeBase(store, key) };
  }

  async #forwards(files: GuestFiles): Promise<contract.GuestAddress | undefined> {
    if ((await runningPid(files)) === undefined) return undefined;
    const ports = (await readRun(files.process))?.ports ?? {};
    return Object.keys(ports).length === 0 ? undefined : { host: '127.0.0.1', ports };
  }

  #memorySnapshots(): QemuSnapshots {
    return new QemuSnapshots({
      bin: this.#bin,
      arch: this.#arch,
      cacheDir: this.#cacheDir,
      minFreeMiB: this.#minFreeMiB,
      log: this.#log,
      filesOf: (guest) => this.#files(guest),
      accelerator: (kernel, version, signal) =>
        this.#settleAccelerator(kernel, version, { signal, log: this.#log }),
    });
  }

  #files(guest: string) {
    demandGuestName(guest);
    return guestFiles(this.#stateDir, guest);
  }

  async #settleAccelerator(
    kernel: string | undefined,
    version: string,
    options: contract.ResolveOptions,
  ): Promise<Accelerator> {
    const where = { bin: this.#bin, version, arch: this.#arch, cacheDir: this.#cacheDir, kernel };
    this.#accelerator ??=
      this.#wanted === 'auto' ? await chooseAccelerator({ ...where, ...options }) : this.#wanted;
    return this.#accelerator;
  }
}
