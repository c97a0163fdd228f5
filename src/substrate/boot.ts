import type { BootHarnessOptions } from '@computeragent/sdk';
import { isAborted } from '../errors.ts';
import type { BootContext } from './boot-context.ts';
import { assertNotAborted } from './boot-end.ts';
import { readWanted, startOf, startShown, untilBooted } from './boot-start.ts';
import { forkVm } from './fork-vm.ts';
import type { VZVMSubstrateOptions } from './options.ts';
import type { Wanted } from './prepared-image.ts';
import { createSession } from './session.ts';
import type { HostedVm } from './vm-host.ts';

/**
 * A VM with a healthy harness that serves these envs: forked where there is a template, else booted, and then a template
 * is made beside it for the next one. A boot that fails leaves nothing.
 */
export async function bootVm(
  context: BootContext,
  boot: BootHarnessOptions,
  signal: AbortSignal,
): Promise<HostedVm> {
  const { options, log, templates } = context;
  const wanted = await readWanted(context, signal);
  const start = await startOf(context, wanted, signal);
  const of = { wanted, image: start.image };
  const template = templates.isFor(wanted, start) ? await templates.find(of, signal) : undefined;
  if (template) {
    try {
      return await forkVm(context, { wanted, start, template }, boot, signal);
    } catch (error) {
      if (signal.aborted || isAborted(error)) throw error;
      await templates.giveUp(of, error);
    }
  }
  const session = createSession({ ...wanted, ...start, envs: boot.envs, log });
  assertNotAborted(signal);
  const hosted = startShown(context, session);
  await untilBooted(context, hosted, { wanted, start, signal });
  if (mayMakeBeside(options)) makeTemplateBeside(context, hosted, wanted);
  return hosted;
}

/** A pool makes its templates itself, in the place of a VM that is to be parked. A limit counts every VM. */
const mayMakeBeside = ({ warm, maxConcurrent }: VZVMSubstrateOptions): boolean =>
  (warm?.size ?? 0) === 0 && maxConcurrent === undefined;

function makeTemplateBeside(context: BootContext, { vm }: HostedVm, wanted: Wanted): void {
  const { templates, closing } = context;
  const of = async () => {
    const start = await startOf(context, wanted, closing); // The image may have been kept in this very boot.
    return templates.isFor(wanted, start) ? { wanted, image: start.image } : undefined;
  };
  templates.makeBeside(vm, of, closing);
}
