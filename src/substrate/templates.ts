import type { LogLine } from '../drivers/driver.ts';
import { isAborted, messageOf, VzvmError, type VzvmErrorCode } from '../errors.ts';
import { Beside } from './beside.ts';
import { demandSpareMiB, type SpareMemory } from './spare-memory.ts';
import type { VZVMSubstrateOptions } from './options.ts';
import type { StartingPoint, Wanted } from './prepared-image.ts';
import { ensureTemplate, findTemplate, type Template, templateKey, type TemplateOf } from './template.ts';
import { TemplateRecords } from './template-records.ts';
import type { HostedVm } from './vm-host.ts';
import type { VmRuntime } from './vm-runtime.ts';

/** So often a template may not be made, or not be forked, before this substrate makes it no more. */
const MOST_FAILURES = 2;

/** What a boot may fail with in the same way: the template is as good as before. */
const HOSTS_FAULT: ReadonlySet<VzvmErrorCode> = new Set([
  'DISK_FULL',
  'LIMIT_REACHED',
  'PERMISSION_DENIED',
  'PORT_TAKEN',
  'TOOL_MISSING',
]);

/** What the templates of a substrate need of it. */
export interface TemplatesDeps {
  readonly options: VZVMSubstrateOptions;
  readonly log: LogLine;
  readonly spareMiB: SpareMemory;
  readonly start: (of: TemplateOf, secret: string) => HostedVm;
}

/** The templates of one substrate: found, made, and given up. Trouble with them costs a boot, and is a line in the log. */
export class Templates {
  readonly #deps: TemplatesDeps;
  readonly #beside = new Beside();
  readonly #failures = new Map<string, number>();

  constructor(deps: TemplatesDeps) {
    this.#deps = deps;
  }

  /** Whether VMs that start here may be forks. Only what is prepared is worth a template. */
  isFor(wanted: Wanted, { image, keep }: StartingPoint): boolean {
    const { fork } = this.#deps.options;
    return fork !== 'never' && wanted.driver.snapshots !== undefined && !keep && image !== wanted.base;
  }

  /** The template that is there; undefined where there is none that can be used. */
  async find(of: TemplateOf, signal: AbortSignal): Promise<Template | undefined> {
    try {
      return await findTemplate(of, this.#recordsOf(of), signal);
    } catch (error) {
      if (signal.aborted) throw error;
      this.#deps.log(`templates cannot be used, so the VM boots: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** The template, made if need be and if the host can spare what it takes; undefined where there can be none. */
  async ensure(of: TemplateOf, signal: AbortSignal): Promise<Template | undefined> {
    const { log, spareMiB, start } = this.#deps;
    const found = await this.find(of, signal);
    const key = templateKey(of);
    if (found || this.#isGivenUp(key)) return found;
    try {
      await demandSpareMiB(of.wanted.plan.resources.memoryMiB, spareMiB);
      const build = { ...of, records: this.#recordsOf(of), start: (secret: string) => start(of, secret) };
      return await ensureTemplate({ ...build, log, signal });
    } catch (error) {
      if (signal.aborted || isAborted(error)) throw error;
      // Memory comes and goes.
      if (!(error instanceof VzvmError) || error.code !== 'LIMIT_REACHED') this.#countFailure(key);
      log(`no template could be made, so VMs boot: ${messageOf(error)}`);
      return undefined;
    }
  }

  /**
   * Has the template made while this VM is in use, so that nobody waits for it. It ends with the last VM in use, or with
   * the signal: no VM of ours outlives those that were asked for.
   */
  makeBeside(vm: VmRuntime, of: () => Promise<TemplateOf | undefined>, signal: AbortSignal): void {
    this.#beside.run(vm.done, signal, async (until) => {
      try {
        const found = await of();
        if (found) await this.ensure(found, until);
      } catch (error) {
        if (!until.aborted) this.#deps.log(`no template could be made: ${messageOf(error)}`);
      }
    });
  }

  /** A template whose fork failed: kept, it would cost each VM that comes what it has cost this one. */
  async giveUp(of: TemplateOf, error: unknown): Promise<void> {
    this.#deps.log(`a VM could not be forked, so it boots: ${messageOf(error)}`);
    if (error instanceof VzvmError && HOSTS_FAULT.has(error.code)) return;
    const key = templateKey(of);
    this.#countFailure(key);
    try {
      await this.#recordsOf(of).remove(key);
      await of.wanted.driver.snapshots?.remove(key);
    } catch (problem) {
      this.#deps.log(`the template ${key} could not be removed: ${messageOf(problem)}`);
    }
  }

  /** Resolves when nothing is made any more beside VMs that are gone. */
  quiet(): Promise<void> {
    return this.#beside.quiet();
  }

  #recordsOf({ wanted }: TemplateOf): TemplateRecords {
    return new TemplateRecords(wanted.driver, this.#deps.options.cacheDir);
  }

  #isGivenUp(key: string): boolean {
    return (this.#failures.get(key) ?? 0) >= MOST_FAILURES;
  }

  #countFailure(key: string): void {
    this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1);
  }
}
