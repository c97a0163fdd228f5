import * as z from 'zod';

/** Which of an engine's transcripts is meant. */
export const transcriptKey = z.object({
  projectKey: z.string(),
  /** The engine's id of the session, which is not the harness's. */
  sessionId: z.string().min(1),
  /** A sub-agent's transcript; absent for the main one. */
  subpath: z.string().min(1).optional(),
});
/** Which of an engine's transcripts is meant. */
export type TranscriptKey = z.infer<typeof transcriptKey>;

/** One entry of a transcript: the engine's own, passed on as it is. Most have a `type` and a `uuid`. */
export const transcriptEntry = z.record(z.string(), z.unknown());
/** One entry of a transcript. */
export type TranscriptEntry = z.infer<typeof transcriptEntry>;

/**
 * One line of the body of `PUT /v1/transcripts/:sessionId`, which is NDJSON: what the engine of a session with this id
 * and the store `{kind: "host"}` will know of its past. Lines of one key are put together in their order.
 */
export const transcriptSeedLine = z.object({ key: transcriptKey, entries: z.array(transcriptEntry) });
/** One line of the body of `PUT /v1/transcripts/:sessionId`. */
export type TranscriptSeedLine = z.infer<typeof transcriptSeedLine>;

/** Body of a transcript that was taken: it waits for its session to be created. */
export const transcriptSeedResponse = z.object({
  ok: z.literal(true),
  lines: z.int().nonnegative(),
  entries: z.int().nonnegative(),
});
/** Body of a transcript that was taken. */
export type TranscriptSeedResponse = z.infer<typeof transcriptSeedResponse>;

/**
 * One line of `GET /v1/sessions/:id/transcript?after=<seq>&follow=1`, which is NDJSON: what the engine has appended.
 * `seq` counts from 1 without gaps. A line is kept until a request says by `after` that its reader has it. Empty lines
 * keep the connection open: to be skipped. With `follow` the answer ends with the session, without it at once.
 */
export const transcriptLine = z.object({
  seq: z.int().positive(),
  key: transcriptKey,
  entries: z.array(transcriptEntry),
});
/** One line of `GET /v1/sessions/:id/transcript`. */
export type TranscriptLine = z.infer<typeof transcriptLine>;

/** Body of `POST /v1/sessions/:id/flush`: what the engine had written when it was asked is stored now. */
export const flushResponse = z.object({
  ok: z.literal(true),
  /** Of the last line of the transcript; 0 when there is none, or no store. */
  seq: z.int().nonnegative(),
});
/** Body of `POST /v1/sessions/:id/flush`. */
export type FlushResponse = z.infer<typeof flushResponse>;
