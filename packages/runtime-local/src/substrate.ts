import type { BootedHarness, BootHarnessOptions, Substrate } from '@computeragent/sdk';
import { boot, type LocalHarness } from './boot.ts';
import { type LocalSubstrateOptions, type Settings, settingsOf } from './options.ts';

/**
 * Runs each harness as a child process on this host. It listens on loopback alone and demands a token that only its
 * caller knows. Nothing contains what an agent does: it may do all that this user may.
 */
export class LocalSubstrate implements Substrate, AsyncDisposable {
  readonly #settings: Settings;
  readonly #closing = new AbortController();
  readonly #signal: AbortSignal;
  readonly #running = new Set<Promise<void>>();

  /** @throws LocalSubstrateError OPTION_INVALID. */
  constructor(options: LocalSubstrateOptions = {}) {
    this.#settings = settingsOf(options);
    const { signal } = options;
    this.#signal = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
  }

  /**
   * Starts a harness and resolves once it answers.
   * @throws LocalSubstrateError with the end of the harness's log; the signal's reason when it is aborted.
   */
  async bootHarness({ envs, signal }: BootHarnessOptions): Promise<BootedHarness> {
    const own = signal ? AbortSignal.any([signal, this.#signal]) : this.#signal;
    const harness = await this.#tracked(boot(this.#settings, envs, own));
    let ended: Promise<void> | undefined;
    const shutdown = (): Promise<void> => (ended ??= this.#tracked(this.#end(harness)));
    // The agent's own signal ends its boot; a harness that runs is ended by its owner, or with all others.
    const abort = (): void => void shutdown().catch(() => undefined);
    this.#signal.addEventListener('abort', abort, { once: true });
    void harness.child.exited.then(() => this.#signal.removeEventListener('abort', abort));
    if (this.#signal.aborted) abort();
    return { baseUrl: harness.baseUrl, shutdown };
  }

  /** Ends every boot and every harness of this substrate, and waits for it. Idempotent. */
  async dispose(): Promise<void> {
    this.#closing.abort(new DOMException('the substrate was disposed', 'AbortError'));
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  #end({ child }: LocalHarness): Promise<void> {
    return child.end(this.#settings.shutdownGraceMs);
  }

  /** What is under way, so that whoever disposes can wait for it. */
  #tracked<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    this.#running.add(settled);
    void settled.then(() => this.#running.delete(settled));
    return work;
  }
}
