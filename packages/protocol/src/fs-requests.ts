import * as z from 'zod';

/** Body of `POST /v1/sessions/:id/fs/edit`: replaces a text in a file, its first occurrence unless `replaceAll`. */
export const fsEditBody = z.object({
  path: z.string().min(1),
  oldString: z.string().min(1),
  newString: z.string(),
  replaceAll: z.boolean().optional(),
});
/** Body of `POST /v1/sessions/:id/fs/edit`. */
export type FsEditBody = z.infer<typeof fsEditBody>;

/** Body of `POST /v1/sessions/:id/fs/mkdir`. */
export const fsMkdirBody = z.object({
  path: z.string().min(1),
  /** Makes missing parents, and takes a folder that exists for done. */
  recursive: z.boolean().optional(),
});
/** Body of `POST /v1/sessions/:id/fs/mkdir`. */
export type FsMkdirBody = z.infer<typeof fsMkdirBody>;

/** Body of `POST /v1/sessions/:id/fs/move`: parents of `to` are made, a file there is replaced. */
export const fsMoveBody = z.object({ from: z.string().min(1), to: z.string().min(1) });
/** Body of `POST /v1/sessions/:id/fs/move`. */
export type FsMoveBody = z.infer<typeof fsMoveBody>;
