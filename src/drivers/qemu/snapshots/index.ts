import { VzvmError } from '../../../errors.ts';
import type { GuestProcess, MemorySnapshots } from '../../driver.ts';
import type { Accelerator } from '../args.ts';
import { bytesIn } from '../images/bases.ts';
import { demandFreeMiB } from '../../disk-space.ts';
import { runningPid } from '../guest-run.ts';
import type { GuestFiles } from '../paths.ts';
import { readSettings } from '../settings.ts';
import { qemuVersion } from '../tools.ts';
import type { SnapshotContext } from './context.ts';
import { forkGuest } from './fork.ts';
import { runnerOf } from './runner.ts';
import { saveGuest } from './save.ts';
import { removeError, saveError } from './save-error.ts';
import { TemplateStore } from './store.ts';

/** What the driver lends to its snapshots. */
export interface QemuSnapshotsOptions extends SnapshotContext {
  readonly cacheDir: string;
  readonly filesOf: (guest: string) => GuestFiles;
  /** What guests run with; `kernel` is what a trial would boot. */
  readonly accelerator: (
    kernel: string | undefined,
    version: string,
    signal: AbortSignal,
  ) => Promise<Accelerator>;
}

/** Memory templates of the QEMU driver. */
export class QemuSnapshots implements MemorySnapshots {
  readonly #options: QemuSnapshotsOptions;
  readonly #store: TemplateStore;

  constructor(options: QemuSnapshotsOptions) {
    this.#options = options;
    this.#store = new TemplateStore(options.cacheDir);
  }

  async save(
    request: { readonly guest: string; readonly key: string; readonly keepRunning: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    const { guest, key } = request;
    const files = this.#options.filesOf(guest);
    const folder = this.#store.folderOf(key);
    const settings = await readSettings(files.settings);
    if (!settings || (await runningPid(files)) === undefined) throw notRunning(guest);
    const { bin, arch, log, minFreeMiB } = this.#options;
    const runner = await this.#runner(settings.boot?.kernel, signal);
    // On the way of a stream into memory both are there.
    const copies = settings.memoryFile !== undefined && !request.keepRunning ? 1 : 2;
    const neededMiB = copies * settings.resources.memoryMiB + minFreeMiB;
    try {
      await demandFreeMiB(folder, neededMiB, 'a template');
      await this.#store.put(key, signal, (temp) =>
        saveGuest({ ...request, ...runner, files, settings, temp, folder, bin, arch, log, signal }),
      );
    } catch (error) {
      throw await saveError(error, guest, folder, files.log);
    }
  }

  async has(key: string, signal: AbortSignal): Promise<boolean> {
    if (await this.#isUsable(key, signal)) return true;
    await this.#store
      .removeUnless(key, () => this.#isUsable(key, signal))
      .catch((error: unknown) => {
        throw removeError(error, this.#store.folderOf(key));
      });
    return false;
  }

  async #isUsable(key: string, signal: AbortSignal): Promise<boolean> {
    const template = await this.#store.find(key);
    if (!template) return false;
    const { runner } = await this.#runner(template.manifest.settings.boot?.kernel, signal);
    return runner === template.manifest.runner;
  }

  async fork(
    { guest, key }: { readonly guest: string; readonly key: string },
    signal: AbortSignal,
  ): Promise<GuestProcess> {
    const files = this.#options.filesOf(guest);
    const template = await this.#store.find(key);
    if (!template) throw noTemplate(key, this.#store.folderOf(key));
    return forkGuest(guest, files, template, this.#options, signal);
  }

  async remove(key: string): Promise<void> {
    const folder = this.#store.folderOf(key);
    await this.#store.remove(key).catch((error: unknown) => {
      throw removeError(error, folder);
    });
  }

  list(): Promise<readonly string[]> {
    return this.#store.keys();
  }

  bytesOf(key: string): Promise<number> {
    return bytesIn(this.#store.folderOf(key));
  }

  /** Paths of all files elsewhere that templates rest on. */
  restedOn(): Promise<readonly string[]> {
    return this.#store.restedOn();
  }

  async #runner(kernel: string | undefined, signal: AbortSignal) {
    const { bin, arch } = this.#options;
    const version = await qemuVersion(bin, arch.node, signal);
    const accelerator = await this.#options.accelerator(kernel, version, signal);
    return { runner: runnerOf(version, arch, accelerator), accelerator };
  }
}

function notRunning(guest: string): VzvmError {
  return new VzvmError('GUEST_EXITED', `${guest} does not run, so its memory cannot be saved`, {
    facts: { guest },
    hint: 'start it first',
  });
}

function noTemplate(key: string, folder: string): VzvmError {
  return new VzvmError('IMAGE_NOT_FOUND', `there is no template ${key}, or none that is whole`, {
    facts: { key, folder },
    hint: 'save a running guest under this key first',
  });
}
