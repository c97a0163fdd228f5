import { ownerOfCheckpoint } from '../drivers/checkpoint-key.ts';
import type { Driver, MemorySnapshots } from '../drivers/driver.ts';
import { messageOf, VzvmError } from '../errors.ts';
import type { BootContext } from './boot-context.ts';
import { copyAll } from './copy-vm.ts';
import { SavedVm } from './saved-vm.ts';
import type { BootedVm, Checkpoint, CheckpointOptions, Copies, ForkOptions } from './vm-handle.ts';
import type { HostedVm } from './vm-host.ts';

/** What checkpoints need of their substrate. */
export interface CheckpointsDeps {
  readonly context: BootContext;
  /** Gives a VM to its user. */
  readonly give: (hosted: HostedVm) => BootedVm;
  /** Has the substrate's end wait for this. */
  readonly track: <T>(work: Promise<T>) => Promise<T>;
  /** Aborted by the caller, and with the substrate. */
  readonly signal: (caller: AbortSignal | undefined) => AbortSignal;
}

/** What was saved of the running VMs of one substrate. */
export class Checkpoints {
  readonly #deps: CheckpointsDeps;
  /** The newest last: it may rest on those before it. */
  readonly #saved = new Set<SavedVm>();

  constructor(deps: CheckpointsDeps) {
    this.#deps = deps;
  }

  /** How a VM that is somebody's is copied. */
  of(hosted: HostedVm): Copies {
    const { track } = this.#deps;
    return {
      checkpoint: (options = {}) => track(this.#checkpoint(hosted, options)),
      fork: (options = {}) => track(this.#forkNow(hosted, options)),
    };
  }

  /** Resolves when no removal is under way. */
  async quiet(): Promise<void> {
    const removals = () => [...this.#saved].flatMap(({ removal }) => removal ?? []);
    // One that is gone may have been the last user of another.
    for (let all = removals(); all.length > 0; all = removals()) await Promise.allSettled(all);
  }

  /** Removes what is left, once the VMs have ended; answers what could not be removed. */
  async dispose(): Promise<readonly { readonly vmId: string; readonly problems: readonly string[] }[]> {
    const left: { vmId: string; problems: string[] }[] = [];
    await this.quiet();
    for (const saved of [...this.#saved].toReversed()) {
      await saved.unwant().catch((error: unknown) => {
        left.push({ vmId: saved.key, problems: [messageOf(error)] });
      });
    }
    return left;
  }

  async #checkpoint(hosted: HostedVm, { signal }: CheckpointOptions): Promise<Checkpoint> {
    const saved = await this.#save(hosted, this.#deps.signal(signal));
    const remove = async () => {
      await saved.unwant();
      await this.quiet();
    };
    return {
      key: saved.key,
      createdAt: saved.createdAt,
      fork: (options = {}) => this.#deps.track(this.#fork(saved, options)),
      remove,
      [Symbol.asyncDispose]: remove,
    };
  }

  async #forkNow(hosted: HostedVm, options: ForkOptions): Promise<readonly BootedVm[]> {
    this.#demandCount(options);
    const saved = await this.#save(hosted, this.#deps.signal(options.signal));
    try {
      return await this.#fork(saved, options);
    } finally {
      await saved.unwant().catch((error: unknown) => this.#tell(saved, error));
    }
  }

  async #fork(saved: SavedVm, options: ForkOptions): Promise<readonly BootedVm[]> {
    const { context, give, signal } = this.#deps;
    const count = this.#demandCount(options);
    if (!saved.isWanted) throw removed(saved);
    const until = signal(options.signal);
    assertOpen(until);
    const forking = copyAll(context, saved, count, until);
    saved.use(forking);
    return (await forking).map(give);
  }

  async #save({ vm, session }: HostedVm, signal: AbortSignal): Promise<SavedVm> {
    const { driver, image, plan, payload, token, keys, hostKey, keyInstalled } = session;
    const snapshots = snapshotsOf(driver);
    assertOpen(signal);
    if (!vm.tags.has('ready')) throw notReady(vm.name);
    await this.#removeOrphans(snapshots);
    const original = { driver, image, plan, payload, token, keys, hostKey, keyInstalled };
    const saved: SavedVm = new SavedVm(original, snapshots, (error) => this.#tell(saved, error));
    const until = AbortSignal.any([signal, session.scope.signal]);
    const request = { guest: vm.name, key: saved.key, keepRunning: true };
    await session.scope.track(snapshots.save(request, until));
    this.#saved.add(saved);
    void saved.gone.then(() => this.#saved.delete(saved));
    // The disks of a copy rest on those of what it is a copy of.
    [...this.#saved].find(({ key }) => key === session.template)?.use(saved.gone);
    return saved;
  }

  /** What killed processes have left: it takes as much disk as a VM takes memory, and has its secrets in it. */
  async #removeOrphans(snapshots: MemorySnapshots): Promise<void> {
    for (const key of await snapshots.list()) {
      const owner = ownerOfCheckpoint(key);
      if (owner !== undefined && !isAlive(owner)) await snapshots.remove(key);
    }
  }

  #demandCount({ count = 1 }: ForkOptions): number {
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new VzvmError('OPTION_INVALID', `count must be a whole number from 1, not ${String(count)}`, {
        facts: { count },
        hint: 'give a number of VMs, as in fork({ count: 2 })',
      });
    }
    const { options, host } = this.#deps.context;
    const { maxConcurrent = Infinity } = options;
    if (host.count + count <= maxConcurrent) return count;
    throw new VzvmError('LIMIT_REACHED', `${host.count} VMs run, and no more than ${maxConcurrent} may`, {
      facts: { running: host.count, count, maxConcurrent },
      hint: `shut ${host.count + count - maxConcurrent} of them down first, or set maxConcurrent to ${host.count + count}`,
    });
  }

  #tell({ key }: SavedVm, error: unknown): void {
    this.#deps.context.log(`the checkpoint ${key} could not be removed yet: ${messageOf(error)}`);
  }
}

function snapshotsOf({ name, snapshots }: Driver): MemorySnapshots {
  if (snapshots) return snapshots;
  throw new VzvmError('UNSUPPORTED', `the driver ${name} cannot copy a VM that runs`, {
    facts: { driver: name },
    hint: 'boot VMs ahead with the option warm, from an image that prepare and `npx vzvm image build` fill with what they share; or use the qemu driver on Linux',
  });
}

function assertOpen(signal: AbortSignal): void {
  if (signal.aborted) throw new VzvmError('ABORTED', 'the copying was cancelled', { cause: signal.reason });
}

function notReady(guest: string): VzvmError {
  return new VzvmError('GUEST_EXITED', `${guest} does not serve, so it cannot be copied`, {
    facts: { guest },
    hint: `see what became of it: npx vzvm logs ${guest}; and boot another VM`,
  });
}

function removed({ key }: SavedVm): VzvmError {
  return new VzvmError('IMAGE_NOT_FOUND', `the checkpoint ${key} was removed`, {
    facts: { key },
    hint: 'make another one from a VM that runs: await vm.checkpoint()',
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
