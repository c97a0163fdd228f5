import { bootsToBegin, hasPlace, isKnownClaim, missing } from './counts.ts';
import type { PoolContext } from './types.ts';

type At = { readonly context: PoolContext };

/** The chart's questions. Pure, and they never throw. */
export const guards = {
  isFull: ({ context }: At) => missing(context) <= 0,
  isShort: ({ context }: At) => missing(context) > 0,
  /** A boot has succeeded since the last one that failed. */
  hasRecovered: ({ context }: At) => context.failures === 0,
  mayBoot: ({ context }: At, params: { readonly atMost: number }) => bootsToBegin(context, params.atMost) > 0,
  isKnownClaim: ({ context }: At, params: { readonly claimId: string }) =>
    isKnownClaim(context, params.claimId),
  hasParked: ({ context }: At) => context.parked.length > 0,
  hasPlace: ({ context }: At) => hasPlace(context),
  mayServe: ({ context }: At) => context.queue.length > 0 && hasPlace(context),
  isQueued: ({ context }: At, params: { readonly claimId: string }) => context.queue.includes(params.claimId),
  isAwaited: ({ context }: At, params: { readonly vmId: string }) =>
    context.queue.length > 0 && context.booting.includes(params.vmId),
  isBooting: ({ context }: At, params: { readonly vmId: string }) => context.booting.includes(params.vmId),
  isParked: ({ context }: At, params: { readonly vmId: string }) => context.parked.includes(params.vmId),
  isLeaving: ({ context }: At, params: { readonly vmId: string }) => context.leaving.includes(params.vmId),
  isEmpty: ({ context }: At) =>
    context.booting.length + context.parked.length + context.given.length + context.leaving.length === 0,
};
