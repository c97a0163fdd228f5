import type { PoolContext } from './types.ts';

// Plain pieces of configuration; they are type-checked where they are used.

export const claimOf = ({ event }: { event: { readonly claimId: string } }) => ({ claimId: event.claimId });
export const vmOf = ({ event }: { event: { readonly vmId: string } }) => ({ vmId: event.vmId });

/** How many boots may be under way while boots succeed. */
export const several = ({ context }: { context: PoolContext }) => ({
  atMost: context.limits.maxSimultaneousBoots,
});
/** How many boots may be under way until one has succeeded again. */
export const one = { atMost: 1 };

export const ifBooting = { type: 'isBooting', params: vmOf } as const;

export const recordFailure = {
  type: 'recordFailure',
  params: ({ event }: { event: { readonly vmId: string; readonly error: string } }) => ({
    vmId: event.vmId,
    error: event.error,
  }),
} as const;

/** A VM that ends before it is parked has failed as well: its owner may have no more to say. */
export const recordEarlyEnd = {
  type: 'recordFailure',
  params: ({ event }: { event: { readonly vmId: string } }) => ({
    vmId: event.vmId,
    error: 'the VM ended before it was parked',
  }),
} as const;

export const forget = { type: 'forget', params: vmOf } as const;
