import type { Driver, Finding, KeptImage } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import type { BootHarnessOptions, Substrate } from '@computeragent/sdk';
import { attachVm } from './attach.ts';
import { type BootContext, createBootContext } from './boot-context.ts';
import { assertNotAborted } from './boot-end.ts';
import { bootVm } from './boot.ts';
import { checkHost } from './check.ts';
import { checkOptions } from './check-options.ts';
import { Checkpoints } from './checkpoints.ts';
import { chooseDriver } from './choose-driver.ts';
import {
  type ImageStore,
  listStored,
  type PreparedImage,
  type PruneOptions,
  pruneStored,
  removeStored,
  type StoredItem,
} from './image-store.ts';
import { GuestAccess } from './guest-access.ts';
import { type GuestsOf, type ListedGuest, listGuests, removeGuest, removeLeftOvers } from './guests.ts';
import type { Swept } from '../reaper/index.ts';
import type { Recorder } from '../inspector/index.ts';
import { Inspection } from './inspection/inspection.ts';
import { Lifetime } from './lifetime.ts';
import { createLog } from './log.ts';
import type { VZVMSubstrateOptions } from './options.ts';
import { prepareForks } from './prepare-forks.ts';
import { prepareImage } from './prepare-image.ts';
import { assertReleased } from './released.ts';
import { TemplateRecords } from './template-records.ts';
import type { BootedVm } from './vm-handle.ts';
import type { HostedVm } from './vm-host.ts';
import { Tracing } from './tracing.ts';
import { WarmPool } from './warm-pool.ts';

/**
 * Runs each agent's harness in a fresh Linux VM on this machine, and tears it down after.
 * @throws VzvmError OPTION_INVALID when constructed with an unknown or ill-typed option.
 */
export class VZVMSubstrate implements Substrate {
  readonly #context: BootContext;
  readonly #checkpoints: Checkpoints;
  readonly #pool: WarmPool | undefined;
  readonly #lifetime: Lifetime;
  #inspection: Inspection | undefined;
  #tracing: Tracing | undefined;
  #driver: Promise<Driver> | undefined;

  constructor(options: VZVMSubstrateOptions = {}) {
    const checked = checkOptions(options);
    const log = createLog(checked, () => (line) => this.#recorders.forEach((recorder) => recorder.log(line)));
    const { inspector, trace } = checked;
    const settings = typeof inspector === 'object' ? inspector : {};
    if (inspector) this.#inspection = new Inspection(settings, log);
    if (trace !== undefined) this.#tracing = new Tracing(trace, settings.redact, log);
    this.#lifetime = new Lifetime({ end: () => this.dispose(), endsWith: checked.signal, log });
    this.#context = createBootContext({
      options: checked,
      log,
      driver: () => this.#chosenDriver(),
      closing: this.#lifetime.closing,
      recorders: this.#recorders,
    });
    this.#checkpoints = new Checkpoints({
      context: this.#context,
      give: (hosted) => this.#give(hosted),
      track: (work) => this.#lifetime.track(work),
      signal: (caller) => this.#lifetime.signal(caller),
    });
    const { warm, maxConcurrent } = checked;
    this.#pool = warm || maxConcurrent !== undefined ? new WarmPool(this.#context) : undefined;
  }

  /**
   * Boots a VM with a healthy harness in it. A boot that fails or is aborted leaves nothing behind; the next call
   * boots anew.
   * @throws BootError with the step, the cause, the console's tail and what to do; VzvmError ABORTED when cancelled.
   */
  async bootHarness(options: BootHarnessOptions): Promise<BootedVm> {
    const signal = this.#lifetime.signal(options.signal);
    assertNotAborted(signal);
    try {
      return this.#give(await this.#lifetime.track(this.#take(options, signal)));
    } finally {
      // Whoever ends by what a boot failed with finds it in the trace.
      await this.#tracing?.flush();
    }
  }

  /**
   * Takes over a VM that was detached, also by another program of this user, or whose program is gone. Its host key is
   * the one that was seen before. One that cannot be taken over is left as it was.
   * @throws VzvmError OPTION_INVALID when there is none, or it is somebody's; UNSUPPORTED when nobody has logged in to it
   * yet; GUEST_EXITED when it does not run any more; BootError when it does not answer; ABORTED.
   */
  async attach(name: string, options: { readonly signal?: AbortSignal } = {}): Promise<BootedVm> {
    const signal = this.#lifetime.signal(options.signal);
    assertNotAborted(signal);
    return this.#give(await this.#lifetime.track(attachVm(this.#context, name, signal)));
  }

  /**
   * Takes over a VM as {@link VZVMSubstrate.attach} of an instance does, with a substrate of its own, which ends with it.
   * @throws VzvmError as that.
   */
  static async attach(name: string, options: VZVMSubstrateOptions = {}): Promise<BootedVm> {
    const substrate = new VZVMSubstrate(options);
    try {
      const booted = await substrate.attach(name);
      return { ...booted, shutdown: () => substrate.dispose() };
    } catch (error) {
      await substrate.dispose();
      throw error;
    }
  }

  /**
   * Does what can be done before anybody asks for a VM: where VMs may be forks it makes the prepared image and the
   * template, and it boots the VMs that `warm` asks for, which the first `bootHarness` begins otherwise. Resolves when
   * all of it is there. What cannot be made is a line in the log, and tried again later.
   * @throws VzvmError ABORTED when it is cancelled; VMs that boot for `warm` boot on.
   */
  async warmUp(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const signal = this.#lifetime.signal(options.signal);
    assertNotAborted(signal);
    await this.#lifetime.track(prepareForks(this.#context, signal));
    this.#pool?.start();
    await this.#pool?.filled(signal);
    if (options.signal) assertNotAborted(options.signal);
  }

  /**
   * Makes the prepared image that VMs of these options start from, and where VMs may be forks their template, unless
   * they are there. Another process that makes the same one is waited for.
   * @throws VzvmError with the step that failed; ABORTED when cancelled.
   */
  prepareImage(options: { readonly signal?: AbortSignal } = {}): Promise<PreparedImage> {
    return this.#lifetime.track(prepareImage(this.#context, this.#lifetime.signal(options.signal)));
  }

  /** Prepared images of this driver, the last used first. */
  async images(): Promise<readonly KeptImage[]> {
    return (await this.#chosenDriver()).listImages();
  }

  /** All that the driver keeps for VMs to start from: prepared images, templates, and base images that it has built. */
  async stored(): Promise<readonly StoredItem[]> {
    return listStored(await this.#store());
  }

  /** Removes a prepared image and its templates, a template or a base image. VMs that run from it run on. */
  async removeImage(key: string): Promise<void> {
    const store = await this.#store();
    const known = (await listStored(store)).find((each) => each.key === key);
    await removeStored(store, known ?? { kind: 'prepared', key });
  }

  /**
   * Removes prepared images by age, then by size, but none in use; templates whose image is gone; and base images of
   * older recipes that nothing rests on, when they were not used for as long, or for a week. Answers what went.
   */
  async pruneImages(options: PruneOptions): Promise<readonly StoredItem[]> {
    return pruneStored(await this.#store(), options);
  }

  /**
   * Looks at all that could stop a boot on this machine: tools, space, memory, images, the npm registry. What is missing is
   * reported with the command that mends it; nothing is changed.
   */
  async check(options: { readonly signal?: AbortSignal } = {}): Promise<readonly Finding[]> {
    return checkHost(
      await this.#chosenDriver(),
      this.#context.options,
      this.#lifetime.signal(options.signal),
    );
  }

  /**
   * Address of the page that shows this process's VMs; undefined without the option `inspector`. It is secret: whoever has
   * it may look.
   * @throws VzvmError PORT_TAKEN.
   */
  inspectorUrl(): Promise<string | undefined> {
    return this.#inspection?.url ?? Promise.resolve(undefined);
  }

  /** Guests of this driver on this machine, also those of other processes, and all others that the journal knows. */
  async list(): Promise<readonly ListedGuest[]> {
    return listGuests(await this.#guests());
  }

  /**
   * A way into a VM of any program of this user, as {@link VZVMSubstrate.list} names it, to run commands and to read what
   * it has said.
   * @throws VzvmError OPTION_INVALID where there is none that is written down.
   */
  reach(name: string): Promise<GuestAccess> {
    return GuestAccess.to(this.#context.ownerships.journal, name);
  }

  /**
   * Ends and deletes a guest of any process by its name; of a process that may run only with `force`.
   * @throws VzvmError OPTION_INVALID, RELEASE_FAILED.
   */
  async removeGuest(name: string, { force = false }: { readonly force?: boolean } = {}): Promise<void> {
    await removeGuest(await this.#guests(), name, force);
  }

  /**
   * Removes all that programs which are gone have left on this machine, of any driver that the journal knows: VMs,
   * commands under way, checkpoints; and detached VMs whose time is over. The first boot of a substrate does it, too.
   */
  async removeLeftOvers(): Promise<Swept> {
    return removeLeftOvers(await this.#guests());
  }

  /**
   * Ends every VM of this substrate and every boot under way, removes its checkpoints, and waits for it. It boots no VM
   * after that.
   * @throws VzvmError RELEASE_FAILED naming what is left.
   */
  async dispose(): Promise<void> {
    this.#lifetime.close();
    try {
      await this.#endAll();
    } finally {
      await this.#tracing?.dispose();
      await this.#inspection?.dispose();
      await this.#context.ownerships.dispose();
      await this.#context.progresses.settled();
      this.#lifetime.over();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  get #recorders(): readonly Recorder[] {
    return [this.#inspection, this.#tracing].flatMap((each) => (each ? [each.recorder] : []));
  }

  async #endAll(): Promise<void> {
    const drained = this.#pool?.drain();
    drained?.catch(() => undefined); // Told below, unless there is worse to tell.
    await this.#lifetime.settled();
    const ended = await this.#context.host.dispose('substrate disposed');
    assertReleased([...ended, ...(await this.#checkpoints.dispose())]);
    await this.#context.templates.quiet();
    await drained;
  }

  async #guests(): Promise<GuestsOf> {
    return { driver: await this.#chosenDriver(), journal: this.#context.ownerships.journal };
  }

  #take(options: BootHarnessOptions, signal: AbortSignal): Promise<HostedVm> {
    if (!this.#pool) return bootVm(this.#context, options, signal);
    this.#pool.start();
    return this.#pool.take(options, signal);
  }

  async #store(): Promise<ImageStore> {
    const driver = await this.#chosenDriver();
    return { driver, records: new TemplateRecords(driver, this.#context.options.cacheDir) };
  }

  #give(hosted: HostedVm): BootedVm {
    const { vm, session } = hosted;
    vm.own(this.#checkpoints.of(hosted));
    const tell = (error: unknown) => this.#context.log(`${vm.name}: ${messageOf(error)}`);
    // Whoever was given it has given it a login and a token of its own.
    void this.#lifetime
      .track(this.#context.ownerships.ownedBy(session)?.refresh() ?? Promise.resolve())
      .catch(tell);
    return {
      baseUrl: `${session.harnessUrl}/t/${session.token}`,
      vm,
      shutdown: async () => {
        const output = await vm.dispose('shutdown');
        await this.#tracing?.flush();
        assertReleased([output]);
        // What was made beside the last VM goes with it, and what its copies were made from with the last of them.
        await Promise.all([this.#context.templates.quiet(), this.#checkpoints.quiet()]);
      },
    };
  }

  #chosenDriver(): Promise<Driver> {
    const { options, log } = this.#context;
    this.#driver ??= chooseDriver(options, log).catch((error: unknown) => {
      this.#driver = undefined;
      throw error;
    });
    return this.#driver;
  }
}
