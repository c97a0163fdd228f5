import type { HarnessEvent } from '../events.ts';
import { ConformanceError, that } from './expect.ts';

/** One frame as it came. */
export interface RawFrame {
  readonly id: number;
  /** The names of its fields, in their order. */
  readonly fields: readonly string[];
  /** Of the field `event`. */
  readonly name: string | undefined;
  readonly event: HarnessEvent;
}

/**
 * The frames of a response, read as the simplest client reads them: split at LF LF and nothing else. Not with the codec
 * of this package, or both ends could be wrong together. Leaving the loop lets go of the response.
 */
export async function* framesOf(response: Response): AsyncGenerator<RawFrame, void> {
  if (!response.body) throw new ConformanceError('the stream of events has no body');
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop() ?? '';
      yield* blocks.map(frameOf);
    }
    that(rest.replaceAll(/^:.*\n?/gm, '') === '', 'the stream ends inside a frame', rest);
  } finally {
    await reader.cancel().catch(() => undefined); // It has ended or broken by itself.
  }
}

/** All of them, to the end of the stream. */
export async function allFrames(response: Response): Promise<RawFrame[]> {
  const frames: RawFrame[] = [];
  for await (const frame of framesOf(response)) frames.push(frame);
  return frames;
}

/** The frames up to the first that is wanted. */
export async function framesUntil(
  response: Response,
  what: string,
  isWanted: (event: HarnessEvent) => boolean,
): Promise<RawFrame[]> {
  const frames: RawFrame[] = [];
  for await (const frame of framesOf(response)) {
    frames.push(frame);
    if (isWanted(frame.event)) return frames;
  }
  throw new ConformanceError(`the stream ended before ${what}; it had ${kindsOf(frames).join(', ')}`);
}

export const kindsOf = (frames: readonly RawFrame[]): string[] => frames.map(({ event }) => event.kind);

function frameOf(block: string): RawFrame {
  const lines = block.split('\n').filter((line) => !line.startsWith(':'));
  const pairs = lines.map(
    (line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const,
  );
  const valueOf = (name: string) => pairs.find(([field]) => field === name)?.[1].replace(/^ /, '');
  const event = parse(valueOf('data'));
  that(typeof event?.kind === 'string', 'the data of a frame has no kind', block);
  return { id: Number(valueOf('id')), fields: pairs.map(([field]) => field), name: valueOf('event'), event };
}

function parse(data: string | undefined): HarnessEvent | undefined {
  try {
    return JSON.parse(data ?? '') as HarnessEvent;
  } catch {
    throw new ConformanceError(`the data of a frame is not JSON: ${data?.slice(0, 100)}`);
  }
}
