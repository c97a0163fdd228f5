import { totalmem } from 'node:os';
import { createActor } from 'xstate';
import type { BootHarnessOptions } from '@computeragent/sdk';
import { isAborted, messageOf, VzvmError } from '../errors.ts';
import { type PoolActor, type PoolEmitted, type PoolEvent, poolMachine } from '../machines/pool/index.ts';
import type { BootContext } from './boot-context.ts';
import { assertNotAborted, claimOrEnd } from './boot-end.ts';
import { bootParked } from './boot-parked.ts';
import { bootVm } from './boot.ts';
import { DEFAULT_MEMORY_MIB } from './options.ts';
import { demandSpareMiB } from './spare-memory.ts';
import type { HostedVm } from './vm-host.ts';

/** A parked VM that cannot be claimed is replaced by another, so often. */
const MOST_CLAIMS = 3;
const MIB = 1024 ** 2;

/** What a claim came to: a parked VM, or leave to boot one. */
type Grant = { readonly parked: HostedVm } | { readonly coldId: string };

interface WaitingClaim {
  readonly resolve: (grant: Grant) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * VMs that are booted before anybody asks for one. The chart decides who gets which and what is booted when; the VMs
 * themselves are here, each a machine of its own.
 */
export class WarmPool {
  readonly #context: BootContext;
  readonly #actor: PoolActor;
  readonly #vmMemoryMiB: number;
  readonly #vms = new Map<string, HostedVm>();
  readonly #boots = new Map<string, AbortController>();
  readonly #claims = new Map<string, WaitingClaim>();
  readonly #drained = Promise.withResolvers<void>();
  #claimed = 0;
  #isStarted = false;
  #isDraining = false;

  constructor(context: BootContext, machine: typeof poolMachine = poolMachine) {
    const { warm, maxConcurrent, memoryMiB } = context.options;
    this.#context = context;
    this.#vmMemoryMiB = memoryMiB ?? DEFAULT_MEMORY_MIB;
    const memoryBudgetMiB = warm?.memoryBudgetMiB ?? Math.floor(totalmem() / MIB / 2);
    const fits = Math.floor(memoryBudgetMiB / this.#vmMemoryMiB);
    if (warm && fits < warm.size) {
      context.log(`the pool keeps ${fits} of ${warm.size} VMs: ${memoryBudgetMiB} MiB is its memory`);
    }
    this.#actor = createActor(machine, {
      input: {
        size: warm?.size ?? 0,
        vmMemoryMiB: this.#vmMemoryMiB,
        memoryBudgetMiB,
        ...(warm?.maxIdleMs === undefined ? {} : { maxIdleMs: warm.maxIdleMs }),
        ...(maxConcurrent === undefined ? {} : { maxConcurrent }),
      },
    });
    this.#actor.on('*', (event) => this.#hear(event));
    this.#actor.subscribe({ error: (error) => this.#broke(error) });
    this.#drained.promise.catch(() => undefined); // Told to whoever drains it.
  }

  /** Begins to fill it; again is nothing. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#actor.start();
  }

  /** Resolves when as many VMs are parked as are wanted, when there is a pause because boots fail, or at the abort. */
  async filled(signal: AbortSignal): Promise<void> {
    const isDone = () => {
      const snapshot = this.#actor.getSnapshot();
      return signal.aborted || snapshot.status !== 'active' || !snapshot.hasTag('filling');
    };
    if (isDone()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const subscription = this.#actor.subscribe({
      next: () => void (isDone() && resolve()),
      // Told to who claims or drains; an observer that does not hear it would have xstate throw it at the process.
      error: () => resolve(),
    });
    const aborted = () => resolve();
    signal.addEventListener('abort', aborted, { once: true });
    await promise;
    signal.removeEventListener('abort', aborted);
    subscription.unsubscribe();
  }

  /** A VM that serves: a parked one that is claimed, else one that boots. Waits for its turn where VMs are limited. */
  async take(boot: BootHarnessOptions, signal: AbortSignal): Promise<HostedVm> {
    for (let attempt = 1; ; attempt += 1) {
      const grant = await this.#claim(signal);
      if ('coldId' in grant) return this.#bootCold(grant.coldId, boot, signal);
      try {
        await claimOrEnd(grant.parked, boot, signal);
        if (signal.aborted) await grant.parked.vm.dispose('aborted');
        assertNotAborted(signal);
        // It may have died in the moment in which it was given.
        if (grant.parked.vm.tags.has('ready')) return grant.parked;
        throw new VzvmError('GUEST_EXITED', `${grant.parked.vm.name} ended while it was claimed`, {
          hint: 'boot again; the log says why it ended, and npx vzvm doctor what this host lacks',
        });
      } catch (error) {
        if (signal.aborted || isAborted(error) || attempt === MOST_CLAIMS) throw error;
        this.#context.log(`a parked VM could not be claimed, another is taken: ${messageOf(error)}`);
      }
    }
  }

  /** Ends what is parked or boots for the pool. Resolves when each VM that it ever gave has ended, too. */
  async drain(): Promise<void> {
    if (!this.#isStarted) return;
    if (!this.#isDraining) this.#send({ type: 'DRAIN' });
    this.#isDraining = true;
    await this.#drained.promise;
  }

  #claim(signal: AbortSignal): Promise<Grant> {
    if (this.#isDraining) return Promise.reject(notGiven('draining'));
    const { status, error } = this.#actor.getSnapshot();
    if (status === 'error') return Promise.reject(broken(error));
    const claimId = `claim-${(this.#claimed += 1)}`;
    const cancel = () => this.#send({ type: 'CANCEL', claimId });
    const granted = new Promise<Grant>((resolve, reject) => this.#claims.set(claimId, { resolve, reject }));
    signal.addEventListener('abort', cancel, { once: true });
    this.#send({ type: 'CLAIM', claimId });
    if (signal.aborted) cancel();
    return granted.finally(() => {
      signal.removeEventListener('abort', cancel);
      this.#claims.delete(claimId);
    });
  }

  async #bootCold(vmId: string, boot: BootHarnessOptions, signal: AbortSignal): Promise<HostedVm> {
    try {
      const hosted = await bootVm(this.#context, boot, signal);
      this.#follow(vmId, hosted);
      return hosted;
    } catch (error) {
      this.#ended(vmId);
      throw error;
    }
  }

  #hear(event: PoolEmitted): void {
    switch (event.type) {
      case 'boot':
        return void this.#boot(event.vmId);
      case 'abort':
        return this.#boots.get(event.vmId)?.abort();
      case 'release':
        return void this.#vms.get(event.vmId)?.vm.dispose('not needed');
      case 'claimed':
        return this.#give(event.claimId, event.vmId);
      case 'cold':
        return this.#claims.get(event.claimId)?.resolve({ coldId: event.vmId });
      case 'queued':
        return this.#context.log(`waiting for a place among the VMs: position ${event.position}`);
      case 'rejected':
        return this.#claims.get(event.claimId)?.reject(notGiven(event.reason));
      case 'cooling':
        return this.#context.log(
          `the pool pauses for ${event.pauseMs} ms, because a boot failed: ${event.error}`,
        );
      case 'drained':
        return this.#drained.resolve();
    }
  }

  /** A bug of the chart: nobody is given anything any more, and nobody waits for it in vain. */
  #broke(error: unknown): void {
    this.#drained.reject(error);
    for (const boot of this.#boots.values()) boot.abort();
    for (const claim of this.#claims.values()) claim.reject(broken(error));
  }

  async #boot(vmId: string): Promise<void> {
    const abort = new AbortController();
    this.#boots.set(vmId, abort);
    try {
      // Those that boot have yet to take what they will use.
      await demandSpareMiB(this.#boots.size * this.#vmMemoryMiB, this.#context.spareMiB);
      const hosted = await bootParked(this.#context, abort.signal);
      this.#follow(vmId, hosted);
      this.#send({ type: 'VM.PARKED', vmId });
    } catch (error) {
      this.#send({ type: 'VM.FAILED', vmId, error: messageOf(error) });
      this.#ended(vmId);
    } finally {
      this.#boots.delete(vmId);
    }
  }

  #give(claimId: string, vmId: string): void {
    const parked = this.#vms.get(vmId);
    const claim = this.#claims.get(claimId);
    if (parked) claim?.resolve({ parked });
    else claim?.reject(new VzvmError('INTERNAL', `the pool gave a VM that is not there: ${vmId}`));
  }

  #follow(vmId: string, hosted: HostedVm): void {
    this.#vms.set(vmId, hosted);
    void hosted.vm.done.then(() => {
      this.#vms.delete(vmId);
      this.#ended(vmId);
    });
  }

  /** What ends late may have something to say to a chart that has ended before. */
  #send(event: PoolEvent): void {
    if (this.#actor.getSnapshot().status === 'active') this.#actor.send(event);
  }

  #ended(vmId: string): void {
    this.#send({ type: 'VM.ENDED', vmId });
  }
}

function broken(cause: unknown): VzvmError {
  return new VzvmError('INTERNAL', `the pool of warm VMs has a bug: ${messageOf(cause)}`, { cause });
}

function notGiven(reason: 'cancelled' | 'draining'): VzvmError {
  const why = reason === 'cancelled' ? 'the boot was cancelled while it waited' : 'the substrate is disposed';
  return new VzvmError('ABORTED', why);
}
