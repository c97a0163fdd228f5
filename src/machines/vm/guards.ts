import { isAborted } from '../../errors.ts';
import { mayRetry } from './failure.ts';
import type { Step, Thrown, VmContext } from './types.ts';

type At = { readonly context: VmContext };

/** The chart's questions. Pure, and they never throw. */
export const guards = {
  wasAborted: (_: At, params: Thrown) => isAborted(params.error),
  canRetry: ({ context }: At, params: Thrown) =>
    mayRetry(params.error) && context.attempt < (context.retries[context.step as Step] ?? 1),
  mayLookAgain: (_: At, params: Thrown) => mayRetry(params.error),
  isPresent: (_: At, params: { readonly value: string | null }) => params.value !== null,
  isHealthy: (_: At, params: { readonly healthy: boolean }) => params.healthy,
  isUploaded: ({ context }: At) => context.guest.harnessUploaded,
  hasNode: ({ context }: At) => context.guest.nodeReady,
  hasPackages: ({ context }: At) => context.guest.packagesReady,
  keepsImage: ({ context }: At) => context.keepsImage,
  endsPrepared: ({ context }: At) => context.endsPrepared,
  isFork: ({ context }: At) => context.isFork,
  disposesOnFailure: ({ context }: At) => !context.keepOnFailure,
};
