import * as z from 'zod';

const gitSource = z.object({
  type: z.literal('git'),
  url: z.string(),
  ref: z.string().optional(),
  subdir: z.string().optional(),
});

const localSource = z.object({ type: z.literal('local'), path: z.string() });

const inlineSource = z.object({
  type: z.literal('inline'),
  manifest: z.record(z.string(), z.unknown()),
  files: z.record(z.string(), z.string()).optional(),
});

/** Where an agent's identity comes from. */
export const identitySource = z.discriminatedUnion('type', [gitSource, localSource, inlineSource]);
/** Where an agent's identity comes from. */
export type IdentitySource = z.infer<typeof identitySource>;

/** What a session tells about its identity. */
export const identityMetadata = z.object({
  name: z.string(),
  version: z.string(),
  sha: z.string().optional(),
});
/** What a session tells about its identity. */
export type IdentityMetadata = z.infer<typeof identityMetadata>;
