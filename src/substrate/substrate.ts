import { createActors, type VmSession } from '../actors/index.ts';
import type { Driver, GuestInfo, Image, KeptImage } from '../drivers/driver.ts';
import { VzvmError } from '../errors.ts';
import { vmMachine, type VmInput, type VmOutput } from '../machines/vm/index.ts';
import type { BootedHarness, BootHarnessOptions, Substrate } from '@computeragent/sdk';
import { BootError } from './boot-error.ts';
import { chooseDriver, imageFor } from './choose-driver.ts';
import { buildImage } from './image-builder.ts';
import { pruneImages, type PruneOptions } from './image-store.ts';
import { createLog } from './log.ts';
import { machineInput } from './machine-input.ts';
import { checkOptions, type VZVMSubstrateOptions } from './options.ts';
import { readPayload } from './payload.ts';
import { imageToKeep, startingPoint, type StartingPoint, type Wanted } from './prepared-image.ts';
import { createSession, readPlan } from './session.ts';
import type { VmHandle, VmHandleEvent } from './vm-handle.ts';
import { VmRuntime } from './vm-runtime.ts';

/** What {@link VZVMSubstrate.bootHarness} resolves with. */
export interface BootedVm extends BootedHarness {
  /** Where the harness answers. Carries the token as a path prefix, so it works with any client that knows a base URL. */
  readonly baseUrl: string;
  /** Stops and deletes the VM. Idempotent; every caller waits for the same end. Throws RELEASE_FAILED. */
  shutdown(): Promise<void>;
  /** The VM, to look at. */
  readonly vm: VmHandle;
}

/**
 * Runs each agent's harness in a fresh Linux VM on this machine, and tears it down after.
 * @throws VzvmError OPTION_INVALID when constructed with an unknown or ill-typed option.
 */
export class VZVMSubstrate implements Substrate {
  readonly #options: VZVMSubstrateOptions;
  readonly #log: (line: string) => void;
  readonly #sessions = new Map<string, VmSession>();
  readonly #running = new Map<string, VmRuntime>();
  readonly #machine = vmMachine.provide({ actors: createActors({ session: (vmId) => this.#session(vmId) }) });
  readonly #closing = new AbortController();
  #driver: Promise<Driver> | undefined;
  readonly #booting = new Set<Promise<unknown>>();

  constructor(options: VZVMSubstrateOptions = {}) {
    this.#options = checkOptions(options);
    this.#log = createLog(options);
  }

  /**
   * Boots a VM with a healthy harness in it. A boot that fails or is aborted leaves nothing behind; the next call
   * boots anew.
   * @throws BootError with the step, the cause, the console's tail and what to do; VzvmError ABORTED when cancelled.
   */
  bootHarness(options: BootHarnessOptions): Promise<BootedVm> {
    return this.#tracked(this.#boot(options));
  }

  /**
   * Makes the prepared image that VMs of these options start from, unless it is there. Another process that makes the
   * same one is waited for.
   * @throws VzvmError with the step that failed; ABORTED when cancelled.
   */
  prepareImage(options: { readonly signal?: AbortSignal } = {}): Promise<{ key: string; made: boolean }> {
    return this.#tracked(this.#buildImage(options.signal));
  }

  /** Prepared images of this driver, the last used first. */
  async images(): Promise<readonly KeptImage[]> {
    return (await this.#chosenDriver()).listImages();
  }

  /** Removes a prepared image. VMs that run from it run on. */
  async removeImage(key: string): Promise<void> {
    await (await this.#chosenDriver()).removeImage(key);
  }

  /** Removes prepared images by age, then by size; answers which. */
  async pruneImages(options: PruneOptions): Promise<readonly KeptImage[]> {
    return pruneImages(await this.#chosenDriver(), options);
  }

  /** Guests of this driver on this machine, also those of other processes. */
  async list(): Promise<readonly GuestInfo[]> {
    return (await this.#chosenDriver()).list();
  }

  /** Ends every VM of this substrate and every boot under way, and waits for it. */
  async dispose(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#booting);
    const outputs = await Promise.all(
      [...this.#running.values()].map((vm) => vm.dispose('substrate disposed')),
    );
    assertReleased(outputs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  #tracked<T>(work: Promise<T>): Promise<T> {
    this.#booting.add(work);
    const done = () => void this.#booting.delete(work);
    work.then(done, done);
    return work;
  }

  async #boot(options: BootHarnessOptions): Promise<BootedVm> {
    const signal = this.#signal(options.signal);
    assertNotAborted(signal);
    const wanted = await this.#wanted(signal);
    const start = await this.#startingPoint(wanted, signal);
    const session = createSession({ ...wanted, ...start, envs: options.envs, log: this.#log });
    assertNotAborted(signal);
    const vm = this.#start(session, machineInput(session, this.#options));
    this.#show(vm);
    return this.#untilReady(vm, session, signal);
  }

  async #buildImage(caller: AbortSignal | undefined): Promise<{ key: string; made: boolean }> {
    const signal = this.#signal(caller);
    assertNotAborted(signal);
    const wanted = await this.#wanted(signal);
    const image = imageToKeep(wanted);
    const start = () => {
      const session = createSession({ ...wanted, image: wanted.base, envs: {}, log: this.#log });
      const input = { ...machineInput(session, this.#options), keepOnFailure: true, endsPrepared: true };
      return { session, vm: this.#start(session, input, (event) => isNews(event)) };
    };
    const made = await buildImage({ driver: wanted.driver, image, start, log: this.#log, signal });
    return { key: image.key, made };
  }

  /** Everything that decides what a VM is given, read anew each time: files may have changed. */
  async #wanted(signal: AbortSignal): Promise<Wanted> {
    const driver = await this.#chosenDriver();
    const plan = await readPlan(this.#options);
    const payload = await readPayload(this.#options.bundlePath, plan.preparation);
    return { driver, plan, payload, base: await this.#resolveImage(driver, signal) };
  }

  #signal(caller: AbortSignal | undefined): AbortSignal {
    const all = [this.#closing.signal, caller, this.#options.signal];
    return AbortSignal.any(all.filter((each) => each !== undefined));
  }

  #show(vm: VmHandle): void {
    try {
      this.#options.onVm?.(vm);
    } catch {
      // An observer must never break a boot.
    }
  }

  #start(
    session: VmSession,
    input: VmInput,
    isTold: (event: VmHandleEvent) => boolean = () => true,
  ): VmRuntime {
    this.#sessions.set(session.name, session);
    const vm = new VmRuntime({
      machine: this.#machine,
      session,
      input,
      onEvent: (event) => void (isTold(event) && this.#tell(session.name, event)),
      inspect: this.#options.inspect,
    });
    this.#running.set(session.name, vm);
    void vm.done.then(() => {
      this.#running.delete(session.name);
      this.#sessions.delete(session.name);
    });
    return vm;
  }

  #tell(name: string, event: VmHandleEvent): void {
    // A guest that is still booting refuses a hundred times: waiting is not worth a line each.
    const isWaiting = event.type === 'step' && event.phase === 'retry' && event.step === 'ssh-connect';
    if (!isWaiting) this.#log(describe(name, event));
  }

  async #untilReady(vm: VmRuntime, session: VmSession, signal: AbortSignal): Promise<BootedVm> {
    const abort = () => void vm.dispose('aborted');
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    const end = await vm.settled();
    if (end === 'ready' && !signal.aborted) return this.#booted(vm, session);
    // The console is part of the guest's files: read it before they go, unless they are gone already.
    const consoleTail = await vm.consoleTail().catch(() => '');
    const keep = end === 'failed' && this.#options.keepOnFailure === true && !signal.aborted;
    const output = keep ? undefined : await vm.done;
    signal.removeEventListener('abort', abort);
    const failure = vm.failure ?? output?.failure;
    if (!failure) throw aborted(output);
    const details = {
      consoleTail: session.consoleAtFailure ?? consoleTail,
      problems: output?.problems ?? [],
      cause: session.lastError,
    };
    throw new BootError(failure, details);
  }

  #booted(vm: VmRuntime, session: VmSession): BootedVm {
    return {
      baseUrl: `${session.harnessUrl}/t/${session.token}`,
      vm,
      shutdown: async () => assertReleased([await vm.dispose('shutdown')]),
    };
  }

  #chosenDriver(): Promise<Driver> {
    this.#driver ??= chooseDriver(this.#options, this.#log).catch((error: unknown) => {
      this.#driver = undefined;
      throw error;
    });
    return this.#driver;
  }

  #resolveImage(driver: Driver, signal: AbortSignal): Promise<Image> {
    return driver.resolveImage(imageFor(driver, this.#options), { signal, log: this.#log });
  }

  async #startingPoint(wanted: Wanted, signal: AbortSignal): Promise<StartingPoint> {
    if (this.#options.prepare === 'never') return { image: wanted.base };
    return startingPoint(wanted, this.#log, signal);
  }

  #session(vmId: string): VmSession {
    const session = this.#sessions.get(vmId);
    if (!session) throw new VzvmError('INTERNAL', `no VM ${vmId} is known here`, { facts: { guest: vmId } });
    return session;
  }
}

/** A VM that becomes an image is powered off, which is the end of any other: whoever makes the image tells of that. */
function isNews(event: VmHandleEvent): boolean {
  return event.type === 'step' && event.step !== 'failed';
}

function assertNotAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new VzvmError('ABORTED', 'the boot was cancelled', { cause: signal.reason });
}

function aborted(output: VmOutput | undefined): VzvmError {
  const problems = output?.problems ?? [];
  return new VzvmError('ABORTED', ['the boot was cancelled', ...problems].join('; '), {
    facts: { guest: output?.vmId },
  });
}

function assertReleased(outputs: readonly VmOutput[]): void {
  const left = outputs.filter((output) => output.problems.length > 0);
  if (left.length === 0) return;
  const names = left.map((output) => output.vmId).join(', ');
  throw new VzvmError('RELEASE_FAILED', left.flatMap((output) => output.problems).join('; '), {
    facts: { guests: names },
    hint: `look for what is left of ${names} and remove it`,
  });
}

function describe(name: string, event: VmHandleEvent): string {
  switch (event.type) {
    case 'step':
      return `${name}: ${event.step}${event.phase === 'start' ? '' : ` (${event.phase} ${event.attempt})`}`;
    case 'image':
      return event.problem === undefined
        ? `${name}: its disk is kept: the next VM starts from here`
        : `${name}: its disk could not be kept for the next VM: ${event.problem}`;
    case 'ready':
      return `${name}: ready`;
    case 'failed':
      return `${name}: failed in ${event.failure.step}: ${event.failure.message}`;
  }
}
