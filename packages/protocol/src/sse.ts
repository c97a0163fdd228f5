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

/** A parser for one stream: tolerates CRLF, a BOM, comments, split UTF-8, and skips data that is no event. */
export function createSseParser(maxFrameChars: number = MAX_FRAME_CHARS): SseParser {
  const decoder = new TextDecoder();
  let rest = '';
  let scanned = 0;
  return {
    push(chunk) {
      // A CR at the very end may be the first half of a CRLF: it stays until its other half is here.
      rest += decoder.decode(chunk, { stream: true });
      const held = rest.endsWith('\r') ? '\r' : '';
      let text = rest.slice(0, rest.length - held.length);
      if (text.includes('\r')) text = text.replaceAll(/\r\n?/g, '\n');
      const frames: SseFrame[] = [];
      let from = 0;
      for (;;) {
        const end = text.indexOf('\n\n', Math.max(from, Math.min(scanned, text.length) - 1));
        if (end === -1) break;
        const frame = parseBlock(text.slice(from, end));
        if (frame) frames.push(frame);
        from = end + 2;
        scanned = from;
      }
      rest = text.slice(from) + held;
      scanned = Math.max(0, text.length - from);
      if (rest.length > maxFrameChars) throw new RangeError(`a frame of over ${maxFrameChars} characters`);
      return frames;
    },
  };
}

function parseBlock(block: string): SseFrame | undefined {
  const data: string[] = [];
  let id: number | undefined;
  for (const line of block.split('\n')) {
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
