import { createActor, fromPromise } from 'xstate';
import { sealGuest, type ImageToKeep, type VmSession } from '../actors/index.ts';
import type { LogLine } from '../drivers/driver.ts';
import { VzvmError, type VzvmErrorCode } from '../errors.ts';
import { imageMachine, type ImageOutput } from '../machines/image/index.ts';
import type { FollowedImage } from './progress.ts';
import type { HostedVm } from './vm-host.ts';
import { notReleased } from './released.ts';
import type { VmRuntime } from './vm-runtime.ts';

/** Until then a guest may power off by itself. */
const POWER_OFF_MS = 60_000;

/** What the making of an image needs. */
export interface ImageBuild {
  readonly driver: VmSession['driver'];
  readonly image: ImageToKeep;
  /** Starts a VM that stops where an image is kept. */
  readonly start: () => HostedVm;
  readonly log: LogLine;
  readonly signal: AbortSignal;
  readonly progress?: FollowedImage;
}

/**
 * Makes a prepared image unless it is there. Answers whether it was made here.
 * @throws VzvmError ABORTED, or what the step that failed says.
 */
export async function buildImage(build: ImageBuild): Promise<boolean> {
  const subject: Subject = {};
  const actor = createActor(imageMachine.provide({ actors: actorsOf(build, subject) }), {
    input: { key: build.image.key },
  });
  actor.on('step', ({ step }) => {
    build.log(`image ${build.image.key}: ${step}`);
  });
  const cancel = () => actor.send({ type: 'CANCEL' });
  const ended = new Promise<ImageOutput>((resolve, reject) => {
    actor.subscribe({
      next: ({ value, context }) => build.progress?.at(value, context.failure),
      complete: () => resolve(actor.getSnapshot().output as ImageOutput),
      error: reject,
    });
  });
  build.signal.addEventListener('abort', cancel, { once: true });
  try {
    actor.start();
    if (build.signal.aborted) cancel();
    const output = await ended;
    build.progress?.end(output.made);
    return outcome(output, subject.hosted?.vm.name);
  } finally {
    build.signal.removeEventListener('abort', cancel);
  }
}

function outcome({ made, failure, cancelled, problems }: ImageOutput, vmId = ''): boolean {
  if (failure) {
    const { code, step, message, ...rest } = failure;
    const what = [`${step} failed: ${message}`, ...problems].join('; ');
    throw new VzvmError(code as VzvmErrorCode, what, {
      ...rest,
      facts: { ...rest.facts, guest: vmId, step },
    });
  }
  if (problems.length > 0) throw notReleased([{ vmId, problems }]);
  if (cancelled) throw new VzvmError('ABORTED', 'the making of the image was cancelled');
  return made;
}

/** The VM that the image is made of, once there is one. */
interface Subject {
  hosted?: HostedVm;
}

function actorsOf(build: ImageBuild, subject: Subject) {
  const { driver, image } = build;
  let turn: Promise<Turn> | undefined;
  const vm = (): HostedVm => {
    if (!subject.hosted) throw new VzvmError('INTERNAL', 'there is no VM to make an image of');
    return subject.hosted;
  };
  return {
    waitForTurn: actor<void>(async (signal) => {
      turn = takeTurn(build, signal);
      await turn;
    }),
    findImage: actor<boolean>(async (signal) => (await driver.findImage(image.key, signal)) !== undefined),
    provision: actor<void>(async (signal) => {
      subject.hosted = build.start();
      const tell = (await turn)?.tell;
      subject.hosted.vm.on((event) => void (event.type === 'step' && tell?.(event.step)));
      await untilPrepared(subject.hosted.vm, signal);
    }),
    seal: actor<void>((signal) => sealGuest(vm().session, image, signal)),
    powerOff: actor<void>(() => driver.stop(vm().vm.name, POWER_OFF_MS)),
    keep: actor<void>((signal) => driver.keepImage(keepRequest(vm(), image), signal)),
    remove: actor<string[]>(async () => {
      const output = await subject.hosted?.vm.dispose('image');
      // A turn that was cancelled while it was waited for was never ours.
      (await turn?.catch(() => undefined))?.end();
      return [...(output?.problems ?? [])];
    }),
  };
}

function keepRequest({ vm, session }: HostedVm, { key, base, description, login }: ImageToKeep) {
  const privateKey = login === undefined ? {} : { privateKey: login.privateKey };
  return { guest: vm.name, key, base, description, login: { user: session.plan.user, ...privateKey } };
}

/** Resolves when the VM has all that the image is to have. */
async function untilPrepared(vm: VmRuntime, signal: AbortSignal): Promise<void> {
  const abort = () => void vm.dispose('aborted');
  signal.addEventListener('abort', abort, { once: true });
  try {
    if ((await vm.settled()) === 'ready') return;
    const { failure } = vm;
    if (!failure) throw new VzvmError('ABORTED', 'the VM of the image was ended');
    const { code, step, message, ...rest } = failure;
    throw new VzvmError(code, `${step}: ${message}`, rest);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

interface Turn {
  readonly tell: LogLine;
  readonly end: () => void;
}

/** The driver runs work while it is our turn; here the turn lasts until `end` is called. */
function takeTurn({ driver, image, log }: ImageBuild, signal: AbortSignal): Promise<Turn> {
  return new Promise((resolve, reject) => {
    const hold = (tell: LogLine) =>
      new Promise<void>((end) => (signal.aborted ? end() : resolve({ tell, end })));
    const aborted = () => reject(new VzvmError('ABORTED', 'waiting for an image was cancelled'));
    driver.whileBuilding(image.key, { signal, log }, hold).then(aborted, reject);
  });
}

const actor = <Out>(work: (signal: AbortSignal) => Promise<Out>) =>
  fromPromise<Out, { readonly key: string }>(({ signal }) => work(signal));
