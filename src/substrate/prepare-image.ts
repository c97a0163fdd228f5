import type { BootContext } from './boot-context.ts';
import { readWanted, startOf } from './boot-start.ts';
import { buildImage } from './image-builder.ts';
import type { PreparedImage } from './image-store.ts';
import { machineInput } from './machine-input.ts';
import { imageToKeep, type Wanted } from './prepared-image.ts';
import { createSession } from './session.ts';
import { tidy } from './tidy.ts';
import type { HostedVm } from './vm-host.ts';

/** Makes the prepared image that VMs of these options start from, and their template, unless they are there. */
export async function prepareImage(context: BootContext, signal: AbortSignal): Promise<PreparedImage> {
  const { options, log, host, progresses } = context;
  const wanted = await readWanted(context, signal);
  const image = imageToKeep(wanted);
  const start = (): HostedVm => {
    const session = createSession({
      ...wanted,
      plan: { ...wanted.plan, mounts: [] },
      image: wanted.base,
      envs: {},
      log,
    });
    const input = { ...machineInput(session, options), keepOnFailure: true, endsPrepared: true };
    // It is powered off, which is the end of any other VM: whoever makes the image tells of that.
    return host.start(session, input, (event) => event.type === 'step' && event.step !== 'failed');
  };
  const progress = progresses.image(wanted.driver, image.key, wanted.base.ref);
  const made = await buildImage({ driver: wanted.driver, image, start, log, signal, progress });
  if (made) await tidy(context, wanted.driver);
  return { key: image.key, made, hasTemplate: await prepareTemplate(context, wanted, signal) };
}

/** Makes the template for VMs of these options, where they may be forks. Answers whether it is there. */
async function prepareTemplate(context: BootContext, wanted: Wanted, signal: AbortSignal): Promise<boolean> {
  const start = await startOf(context, wanted, signal);
  if (!context.templates.isFor(wanted, start)) return false;
  return (await context.templates.ensure({ wanted, image: start.image }, signal)) !== undefined;
}
