import { PassThrough, type Duplex } from 'node:stream';
import { VzvmError } from '../../errors.ts';
import type * as contract from '../driver.ts';
import { parseGuestName } from '../guest-name.ts';
import { ScriptPlayer, type FakeScript } from './script.ts';
import { FakeSnapshots } from './snapshots.ts';

/** Options of {@link createFakeDriver}. */
export interface FakeDriverOptions {
  /** What each verb does, call by call. @defaultValue everything goes well */
  readonly script?: FakeScript;
  /** Images that can be resolved. @defaultValue ["fake"] */
  readonly images?: readonly string[];
  /** The byte stream to a port of a guest. @defaultValue one that echoes */
  readonly dial?: (guest: string, port: number) => Duplex | Promise<Duplex>;
  /** Where guests are reached. @defaultValue an address of its own on loopback */
  readonly address?: contract.GuestAddress | ((guest: string) => contract.GuestAddress);
  /** Whether the memory of guests can be saved, and guests be forked from it. @defaultValue false */
  readonly snapshots?: boolean;
}

/** A driver in memory, for tests: no VM, no process, no file. Held to the same contract as the real ones. */
export interface FakeDriver extends contract.Driver {
  /** Each call so far, as `verb guest`. */
  readonly calls: readonly string[];
  /** Ends a running guest from outside, as a crash would. */
  killGuest(guest: string, exit?: Partial<contract.ExitReport>): void;
}

interface FakeGuest {
  readonly number: number;
  exit: ((report: contract.ExitReport) => void) | undefined;
}

/** Makes a fake driver. */
export function createFakeDriver(options: FakeDriverOptions = {}): FakeDriver {
  return new InMemoryDriver(options);
}

class InMemoryDriver implements FakeDriver {
  readonly name = 'fake';
  readonly accelerator = 'none';
  readonly features: contract.DriverFeatures;
  readonly snapshots?: contract.MemorySnapshots;
  readonly calls: string[] = [];
  readonly #options: FakeDriverOptions;
  readonly #player: ScriptPlayer;
  readonly #guests = new Map<string, FakeGuest>();
  readonly #builds = new Map<string, Promise<unknown>>();
  readonly #kept = new Map<string, contract.KeptImage>();
  #number = 0;

  constructor(options: FakeDriverOptions) {
    this.#options = options;
    this.#player = new ScriptPlayer(options.script ?? {});
    this.features = {
      memorySnapshot: options.snapshots === true,
      egressPolicy: false,
      guestExec: false,
      directRoute: true,
      keepsRunning: true,
      takesKeys: true,
    };
    if (options.snapshots) this.snapshots = this.#saved();
  }

  check(): Promise<readonly contract.Finding[]> {
    return Promise.resolve([{ level: 'ok', subject: 'fake', message: 'always there' }]);
  }

  async resolveImage(ref: string, { signal }: contract.ResolveOptions): Promise<contract.Image> {
    await this.#play('resolveImage', ref, signal);
    const images = this.#options.images ?? ['fake'];
    if (images.includes(ref)) return { ref, digest: `fake:${ref}`, acceptsKey: true };
    throw new VzvmError('IMAGE_NOT_FOUND', `there is no image ${ref}`, {
      facts: { image: ref },
      hint: `use one of: ${images.join(', ')}`,
    });
  }

  async clone(request: contract.CloneRequest, signal: AbortSignal): Promise<void> {
    const { guest } = request;
    demandOurs(guest);
    if (this.#guests.has(guest)) throw nameTaken(guest);
    await this.#play('clone', guest, signal);
    this.#add(guest);
  }

  async start(guest: string, signal: AbortSignal): Promise<contract.GuestProcess> {
    await this.#play('start', guest, signal);
    const known = this.#guests.get(guest);
    if (!known) throw notThere('BOOT_FAILED', guest);
    return this.#run(known);
  }

  async address(guest: string, signal: AbortSignal): Promise<contract.GuestAddress | undefined> {
    await this.#play('address', guest, signal);
    const known = this.#guests.get(guest);
    if (!known?.exit) return undefined;
    const { address } = this.#options;
    if (typeof address === 'function') return address(guest);
    return address ?? { host: `127.0.${known.number >> 8}.${(known.number % 254) + 1}` };
  }

  async dial(guest: string, port: number, signal: AbortSignal): Promise<Duplex> {
    await this.#play('dial', guest, signal);
    if (!this.#guests.get(guest)?.exit) {
      throw new VzvmError('DIAL_FAILED', `${guest} does not run`, {
        facts: { guest, port },
        hint: `start it first: start('${guest}', signal)`,
        retry: 'safe',
      });
    }
    return this.#options.dial ? this.#options.dial(guest, port) : new PassThrough();
  }

  consoleTail(guest: string): Promise<string> {
    return Promise.resolve(this.#guests.has(guest) ? `console of ${guest}` : '');
  }

  async stop(guest: string): Promise<void> {
    await this.#play('stop', guest);
    this.killGuest(guest, { code: 0 });
  }

  async delete(guest: string): Promise<void> {
    demandOurs(guest);
    await this.#play('delete', guest);
    this.killGuest(guest, { code: 0 });
    this.#guests.delete(guest);
  }

  list(): Promise<readonly contract.GuestInfo[]> {
    return Promise.resolve(
      [...this.#guests].map(([name, { exit }]) => ({ name, running: exit !== undefined })),
    );
  }

  async keepImage(request: contract.KeepRequest, signal: AbortSignal): Promise<void> {
    const { guest, key, description, base } = request;
    await this.#play('keepImage', guest, signal);
    if (!this.#guests.has(guest)) throw notThere('CLONE_FAILED', guest);
    const now = Date.now();
    if (!this.#kept.has(key))
      this.#kept.set(key, { key, base: base.ref, description, bytes: 0, createdAt: now, usedAt: now });
  }

  whileBuilding<T>(
    key: string,
    options: contract.ResolveOptions,
    work: (tell: contract.LogLine) => Promise<T>,
  ): Promise<T> {
    const before = this.#builds.get(key) ?? Promise.resolve();
    const done = before.then(() => {
      if (options.signal.aborted) throw new VzvmError('ABORTED', 'waiting for an image was cancelled');
      return work(() => undefined);
    });
    this.#builds.set(
      key,
      done.catch(() => undefined),
    );
    return done;
  }

  async findImage(key: string, signal: AbortSignal): Promise<contract.Image | undefined> {
    await this.#play('findImage', key, signal);
    const kept = this.#kept.get(key);
    if (!kept) return undefined;
    this.#kept.set(key, { ...kept, usedAt: Date.now() });
    return { ref: kept.base, digest: `kept:${key}`, acceptsKey: true };
  }

  listImages(): Promise<readonly contract.KeptImage[]> {
    return Promise.resolve([...this.#kept.values()].toSorted((one, other) => other.usedAt - one.usedAt));
  }

  removeImage(key: string): Promise<void> {
    this.#kept.delete(key);
    return Promise.resolve();
  }

  killGuest(guest: string, exit: Partial<contract.ExitReport> = {}): void {
    const known = this.#guests.get(guest);
    known?.exit?.({ code: null, signal: null, stderrTail: '', ...exit });
    if (known) known.exit = undefined;
  }

  #add(guest: string): FakeGuest {
    const made = { number: this.#number++, exit: undefined };
    this.#guests.set(guest, made);
    return made;
  }

  #run(known: FakeGuest): contract.GuestProcess {
    const { promise, resolve } = Promise.withResolvers<contract.ExitReport>();
    known.exit = resolve;
    return { pid: known.number + 1, exited: promise };
  }

  #saved(): contract.MemorySnapshots {
    return new FakeSnapshots({
      play: (verb, name, signal) => this.#play(verb, name, signal),
      runs: (guest) => this.#guests.get(guest)?.exit !== undefined,
      end: (guest) => this.killGuest(guest, { code: 0 }),
      run: (guest) => {
        demandOurs(guest);
        if (this.#guests.has(guest)) throw nameTaken(guest);
        return this.#run(this.#add(guest));
      },
    });
  }

  #play(...call: Parameters<ScriptPlayer['play']>): Promise<void> {
    this.calls.push(`${call[0]} ${call[1]}`);
    return this.#player.play(...call);
  }
}

function nameTaken(guest: string): VzvmError {
  return new VzvmError('NAME_TAKEN', `there is a guest ${guest}`, {
    facts: { guest },
    hint: `delete it first: delete('${guest}')`,
  });
}

function notThere(code: 'BOOT_FAILED' | 'CLONE_FAILED', guest: string): VzvmError {
  return new VzvmError(code, `there is no guest ${guest}`, {
    facts: { guest },
    hint: `clone it first: clone({ guest: '${guest}', … }, signal)`,
  });
}

function demandOurs(guest: string): void {
  if (parseGuestName(guest) !== undefined) return;
  throw new VzvmError('OPTION_INVALID', `${guest} is not a guest of ours`, {
    facts: { guest },
    hint: 'give a name of the form ca-PID-ID, such as ca-4711-0123456789ab',
  });
}
