import { createActor, type InspectionEvent } from 'xstate';
import type { VmSession } from '../actors/index.ts';
import { messageOf, VzvmError } from '../errors.ts';
import type { VmActor, VmInput, vmMachine, VmOutput } from '../machines/vm/index.ts';
import { quietly } from './quietly.ts';
import type { Clock } from './seams.ts';
import { Timeline } from '../progress/index.ts';
import type {
  BootedVm,
  Checkpoint,
  Copies,
  DetachedVm,
  DetachOptions,
  VmHandle,
  VmHandleEvent,
} from './vm-handle.ts';

/** What a VM is started from. */
export interface VmRuntimeOptions {
  readonly machine: typeof vmMachine;
  readonly session: VmSession;
  readonly input: VmInput;
  readonly onEvent: (event: VmHandleEvent) => void;
  readonly inspect?: ((event: InspectionEvent) => void) | undefined;
  /** @defaultValue the system's */
  readonly clock?: Clock | undefined;
  /** Gives it to nobody. Absent where nobody may. */
  readonly detach?: (options: DetachOptions) => Promise<DetachedVm>;
}

/**
 * One VM's root actor and what must be true around it: an error observer that releases as well (an action that throws
 * ends a machine without its teardown), shutdown by DISPOSE and never by stop(), inspectors that cannot break it.
 */
export class VmRuntime implements VmHandle {
  /** Resolves, never rejects, when the VM is disposed. */
  readonly done: Promise<VmOutput>;
  readonly #actor: VmActor;
  readonly #session: VmSession;
  readonly #detach: VmRuntimeOptions['detach'];
  readonly #timeline = new Timeline();
  readonly #listeners = new Set<(event: VmHandleEvent) => void>();
  #copies: Copies | undefined;

  constructor(options: VmRuntimeOptions) {
    this.#session = options.session;
    this.#detach = options.detach;
    this.#listeners.add(options.onEvent);
    const { inspect, clock } = options;
    this.#actor = createActor(options.machine, {
      id: options.session.name,
      input: options.input,
      ...(clock ? { clock } : {}),
      ...(inspect ? { inspect: (event: InspectionEvent) => quietly(inspect, event) } : {}),
    });
    this.#actor.on('*', (event) => {
      this.#timeline.record(event);
      for (const listener of this.#listeners) quietly(() => listener({ ...event, at: Date.now() }));
    });
    this.done = this.#untilDone();
    this.#actor.start();
  }

  /** Makes the VM its user's, who may copy it from now on. */
  own(copies: Copies): void {
    this.#copies = copies;
  }

  checkpoint(...options: Parameters<Copies['checkpoint']>): Promise<Checkpoint> {
    return this.#copies?.checkpoint(...options) ?? Promise.reject(this.#notOwned());
  }

  fork(...options: Parameters<Copies['fork']>): Promise<readonly BootedVm[]> {
    return this.#copies?.fork(...options) ?? Promise.reject(this.#notOwned());
  }

  detach(options: DetachOptions = {}): Promise<DetachedVm> {
    return this.#detach?.(options) ?? Promise.reject(this.#notOwned());
  }

  #notOwned(): VzvmError {
    return new VzvmError('UNSUPPORTED', `${this.name} is nobody's yet, so it cannot be copied`, {
      facts: { guest: this.name },
      hint: 'copy the VM that bootHarness() resolves with',
    });
  }

  #untilDone(): Promise<VmOutput> {
    return new Promise((resolve) => {
      const finish = (output: VmOutput) => {
        this.#timeline.end();
        resolve(output);
      };
      this.#actor.subscribe({
        complete: () => finish(this.#actor.getSnapshot().output as VmOutput),
        error: (error) => void this.#releaseAfter(error).then(finish),
      });
    });
  }

  async #releaseAfter(error: unknown): Promise<VmOutput> {
    const problems = await this.#session.scope.release();
    const { step, attempt } = this.#actor.getSnapshot().context;
    return {
      vmId: this.name,
      disposeReason: 'machine error',
      problems,
      failure: { step, attempt, code: 'INTERNAL', message: `internal: ${messageOf(error)}`, facts: {} },
    };
  }

  /** Resolves when the VM is healthy, or has failed, or is on its way out. */
  settled(): Promise<'ready' | 'failed' | 'disposing'> {
    return new Promise((resolve) => {
      const look = () => {
        const { tags } = this;
        const found = (['ready', 'failed', 'disposing'] as const).find((tag) => tags.has(tag));
        if (found) resolve(found);
        return found !== undefined;
      };
      if (look()) return;
      const subscription = this.#actor.subscribe({
        next: () => look() && subscription.unsubscribe(),
        // Told by `done`. An observer that does not hear errors would have xstate throw them at the whole process.
        error: () => undefined,
      });
      void this.done.then(() => resolve('disposing'));
    });
  }

  /** Ends the VM. Every caller waits for the same end. */
  dispose(reason: string): Promise<VmOutput> {
    if (this.#actor.getSnapshot().status === 'active') this.#actor.send({ type: 'DISPOSE', reason });
    return this.done;
  }

  get name(): string {
    return this.#session.name;
  }
  get driver(): string {
    return this.#session.driver.name;
  }
  get accelerator(): string | undefined {
    return this.#session.driver.accelerator;
  }
  get image(): { ref: string; digest: string } {
    return { ref: this.#session.image.ref, digest: this.#session.image.digest };
  }
  get pid(): number | undefined {
    return this.#session.process?.pid;
  }
  get state(): unknown {
    return this.#actor.getSnapshot().value;
  }
  get tags(): ReadonlySet<string> {
    const { status, tags } = this.#actor.getSnapshot();
    // A machine that ended in an error keeps the tags of where it was.
    return status === 'active' ? tags : new Set();
  }
  get failure(): VmHandle['failure'] {
    return this.#actor.getSnapshot().context.failure ?? undefined;
  }
  get timeline(): VmHandle['timeline'] {
    return this.#timeline.entries;
  }
  on(listener: (event: VmHandleEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
  consoleTail(): Promise<string> {
    return this.#session.driver.consoleTail(this.name);
  }
}
