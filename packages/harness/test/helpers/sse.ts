import type { HarnessEvent } from '@computeragent/protocol';

/** One frame, read without the project's own codec, so that both ends cannot be wrong together. */
export interface Frame {
  readonly id: number;
  readonly name: string;
  readonly event: HarnessEvent;
}

/** Reads a response's frames as they come. Leaving the loop cancels the response. */
export async function* framesOf(response: Response): AsyncGenerator<Frame, void> {
  let rest = '';
  if (!response.body) throw new Error('the response has no body');
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    rest += chunk;
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) yield frameOf(block);
  }
  if (rest !== '') throw new Error(`the stream ended inside a frame: ${rest}`);
}

/** Reads all frames, to the end of the response. */
export async function allFramesOf(response: Response): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of framesOf(response)) frames.push(frame);
  return frames;
}

/** Reads frames up to and with the first one that is wanted. */
export async function framesUntil(response: Response, wanted: (frame: Frame) => boolean): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of framesOf(response)) {
    frames.push(frame);
    if (wanted(frame)) return frames;
  }
  throw new Error(`the stream ended before what was waited for: ${frames.map(({ name }) => name).join(' ')}`);
}

export function kindsOf(frames: readonly Frame[]): string[] {
  return frames.map(({ event }) => event.kind);
}

function frameOf(block: string): Frame {
  const [event, data, id, ...more] = block.split('\n').filter((line) => !line.startsWith(':'));
  if (more.length > 0) throw new Error(`a frame of more than three lines: ${block}`);
  return {
    name: field(event, 'event: '),
    event: JSON.parse(field(data, 'data: ')) as HarnessEvent,
    id: Number(field(id, 'id: ')),
  };
}

function field(line: string | undefined, prefix: string): string {
  if (!line?.startsWith(prefix)) throw new Error(`expected ${prefix}, got ${line}`);
  return line.slice(prefix.length);
}
