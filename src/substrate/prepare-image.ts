import { type BootContext, readWanted } from './boot.ts';
import { buildImage } from './image-builder.ts';
import type { PreparedImage } from './image-store.ts';
import { machineInput } from './machine-input.ts';
import { imageToKeep } from './prepared-image.ts';
import { createSession } from './session.ts';
import type { HostedVm } from './vm-host.ts';

/** Makes the prepared image that VMs of these options start from, unless it is there. */
export async function prepareImage(context: BootContext, signal: AbortSignal): Promise<PreparedImage> {
  const { options, log, host } = context;
  const wanted = await readWanted(context, signal);
  const image = imageToKeep(wanted);
  const start = (): HostedVm => {
    const session = createSession({ ...wanted, image: wanted.base, envs: {}, log });
    const input = { ...machineInput(session, options), keepOnFailure: true, endsPrepared: true };
    // It is powered off, which is the end of any other VM: whoever makes the image tells of that.
    return host.start(session, input, (event) => event.type === 'step' && event.step !== 'failed');
  };
  const made = await buildImage({ driver: wanted.driver, image, start, log, signal });
  return { key: image.key, made };
}
