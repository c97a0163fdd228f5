import * as z from 'zod';

/** Body of `POST /v1/token`: whoever has the harness's token gives it another one. Secret. */
export const tokenBody = z.object({
  /** Demanded from every request from now on, in the place of the one that this request was sent with. */
  token: z.string().min(16),
});
/** Body of `POST /v1/token`. Secret. */
export type TokenBody = z.infer<typeof tokenBody>;
