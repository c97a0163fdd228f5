import { isAborted, messageOf } from '../errors.ts';
import type { BootContext } from './boot-context.ts';
import { prepareImage } from './prepare-image.ts';

/**
 * Makes the prepared image and the template ahead of the first VM, where VMs may be forks. What cannot be made is a line
 * in the log: then VMs boot.
 */
export async function prepareForks(context: BootContext, signal: AbortSignal): Promise<void> {
  const { options, log, driver } = context;
  if (options.fork === 'never' || options.prepare === 'never') return;
  try {
    const { snapshots } = await driver();
    if (snapshots) await prepareImage(context, signal);
  } catch (error) {
    if (signal.aborted || isAborted(error)) throw error;
    log(`nothing could be prepared, so VMs boot: ${messageOf(error)}`);
  }
}
