import type { HarnessEvent } from './events.ts';

/** A longer frame is refused: no event of ours comes near it, and a stream must not fill the memory. */
const MAX_FRAME_CHARS = 64 * 1024 * 1024;

/** One frame as it stands on the wire: event, data, id, LF only. */
export function encodeSseFrame(frame: { readonly id: number; readonly event: HarnessEvent }): string {
  return `event: ${frame.event.kind}\ndata: ${JSON.stringify(frame.event)}\nid: ${frame.id}\n\n`;
}

/** One frame as it was read. */
export interface SseFrame {
  readonly id: number | undefined;
  /** The data, parsed. An object with a `kind`, possibly one that this version does not know. */
  readonly event: HarnessEvent;
}

/** Reads a byte stream in any chunking. */
export interface SseParser {
  /** Takes the next bytes in; answers the frames that are complete with them. Throws RangeError past the size cap. */
  push(chunk: Uint8Array): SseFrame[];
}

/**
 * A parser for one stream: tolerates CRLF, a BOM, comments, split UTF-8, and skips data that is no event. Each byte is
 * looked at once, however the stream is cut.
 */
export function createSseParser(maxFrameChars: number = MAX_FRAME_CHARS): SseParser {
  const toText = lineFeedDecoder();
  let line = '';
  let lines: string[] = [];
  let size = 0;
  return {
    push(chunk) {
      const frames: SseFrame[] = [];
      const text = toText(chunk);
      let from = 0;
      for (let to = text.indexOf('\n'); to !== -1; to = text.indexOf('\n', from)) {
        line += text.slice(from, to);
        size += to - from;
        assertSize(size, maxFrameChars);
        from = to + 1;
        if (line === '') {
          const frame = parseBlock(lines);
          if (frame) frames.push(frame);
          lines = [];
          size = 0;
        } else lines.push(line);
        line = '';
      }
      line += text.slice(from);
      size += text.length - from;
      assertSize(size, maxFrameChars);
      return frames;
    },
  };
}

/** Bytes to text in which every line ends in LF, also where a CRLF is cut in two. */
function lineFeedDecoder(): (chunk: Uint8Array) => string {
  const decoder = new TextDecoder();
  let endedInCr = false;
  return (chunk) => {
    let text = decoder.decode(chunk, { stream: true });
    if (text === '') return '';
    if (endedInCr && text.startsWith('\n')) text = text.slice(1);
    endedInCr = text === '' ? false : text.endsWith('\r');
    return text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text;
  };
}

function assertSize(size: number, max: number): void {
  if (size > max) throw new RangeError(`a frame of over ${max} characters`);
}

function parseBlock(lines: readonly string[]): SseFrame | undefined {
  const data: string[] = [];
  let id: number | undefined;
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') data.push(value);
    else if (name === 'id' && /^\d+$/.test(value)) id = Number(value);
  }
  const event = eventOf(data.join('\n'));
  return event && { id, event };
}

function eventOf(data: string): HarnessEvent | undefined {
  try {
    const value: unknown = JSON.parse(data);
    const isEvent =
      typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';
    return isEvent ? (value as HarnessEvent) : undefined;
  } catch {
    return undefined; // A frame that is no JSON is not an event; the stream goes on.
  }
}
