import { z } from 'zod';

const owner = z.object({
  pid: z.number(),
  startTime: z.string().optional(),
  bootId: z.string().optional(),
  machine: z.string(),
  namespace: z.string().optional(),
});

const ownerWithId = owner.extend({ id: z.string() });

/** A process that owns VMs. The id is random: no other process ever has it. */
export type Owner = z.infer<typeof ownerWithId>;

/** What another process needs to make the driver that can release a VM. */
const recipe = z.object({ driver: z.string(), options: z.record(z.string(), z.string()) });

/** One VM as the journal knows it. Without a secret: it is shown to people, and goes into bug reports. */
export const vmRecord = z.object({
  version: z.literal(1),
  guest: z.string(),
  recipe,
  /** Who will end it; null: nobody, it was detached. */
  owner: ownerWithId.nullable(),
  /** The last step of its boot that was begun. */
  step: z.string(),
  /** Why its boot failed, in one sentence. */
  failure: z.string().optional(),
  image: z.string(),
  imageDigest: z.string(),
  cpu: z.number(),
  memoryMiB: z.number(),
  /** Milliseconds since the epoch. */
  createdAt: z.number(),
  /** When a detached VM is ended, in milliseconds since the epoch. */
  expiresAt: z.number().optional(),
  /** Who ends a detached VM then. */
  keeper: owner.optional(),
  /** Why it could not be released, when somebody has tried. */
  problem: z.string().optional(),
});

/** One VM as the journal knows it. */
export type VmRecord = z.infer<typeof vmRecord>;

/** A process that owns VMs, and by which drivers: it may leave more than VMs. */
export const ownerRecord = z.object({
  version: z.literal(1),
  owner: ownerWithId,
  recipes: z.array(recipe),
});

/** A process that owns VMs, and by which drivers. */
export type OwnerRecord = z.infer<typeof ownerRecord>;

/** How a VM is logged in to and spoken to. Secret, all of it. */
export const vmAccess = z.object({
  user: z.string(),
  directory: z.string(),
  privateKey: z.string(),
  publicKey: z.string(),
  hostKey: z.string(),
  token: z.string(),
  harnessUrl: z.string().optional(),
});

/** How a VM is logged in to and spoken to. Secret, all of it. */
export type VmAccess = z.infer<typeof vmAccess>;
