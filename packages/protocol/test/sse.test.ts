import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSseParser, encodeSseFrame, type HarnessEvent, type SseFrame } from '../src/index.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const ended = (sessionId: string): HarnessEvent => ({
  kind: 'ca_session_ended',
  sessionId,
  reason: 'complete',
});

function readIn(stream: Uint8Array, cuts: readonly number[], max?: number): SseFrame[] {
  const parser = createSseParser(max);
  const places = [...cuts.map((cut) => cut % (stream.length + 1)), 0, stream.length].toSorted(
    (a, b) => a - b,
  );
  return places.slice(1).flatMap((end, index) => parser.push(stream.subarray(places[index], end)));
}

const events = fc.array(
  fc.record({
    kind: fc.constant('sdk_message' as const),
    sessionId: fc.string({ unit: 'binary' }),
    payload: fc.jsonValue(),
  }),
  { maxLength: 8 },
);
const cuts = fc.array(fc.nat(), { maxLength: 40 });

describe('encodeSseFrame', () => {
  it('writes event, data, id and a blank line, with LF', () => {
    expect(encodeSseFrame({ id: 7, event: ended('s\n1') })).toBe(
      'event: ca_session_ended\n' +
        'data: {"kind":"ca_session_ended","sessionId":"s\\n1","reason":"complete"}\n' +
        'id: 7\n\n',
    );
  });
});

describe('createSseParser', () => {
  it('reads what was written, in any chunking', () => {
    fc.assert(
      fc.property(events, cuts, (written, where) => {
        const stream = bytes(written.map((event, id) => encodeSseFrame({ id, event })).join(''));
        const wanted = written.map((event, id) => ({ id, event: JSON.parse(JSON.stringify(event)) }));
        expect(readIn(stream, where)).toEqual(wanted);
      }),
    );
  });

  it('reads any bytes the same in any chunking', () => {
    const pieces = '\n|\r|\r\n|\n\n|\r\n\r\n|:|: c| |data|data:|data: null|data: {"kind":"é😀"}|id: 4|\uFEFF';
    const piece = fc.constantFrom(...pieces.split('|'), '{"kind":"a",', '"b":1}');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), cuts, (some, where) => {
        const stream = bytes(some.join(''));
        expect(readIn(stream, where)).toEqual(createSseParser().push(stream));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['CRLF', 'event: x\r\ndata: {"kind":"x"}\r\nid: 3\r\n\r\n'],
    ['lone CR', 'event: x\rdata: {"kind":"x"}\rid: 3\r\r'],
    ['a BOM', '\uFEFFdata: {"kind":"x"}\nid: 3\n\n'],
    ['a comment before it', ':keepalive\nevent: x\ndata: {"kind":"x"}\nid: 3\n\n'],
    ['no blank after the colon', 'data:{"kind":"x"}\nid:3\n\n'],
    ['data in two lines', 'data: {"kind":\ndata: "x"}\nid: 3\n\n'],
    ['fields it does not know', 'retry: 5\nwhat\ndata: {"kind":"x"}\nid: 3\n\n'],
  ])('reads a frame with %s, byte by byte too', (_, text) => {
    const wanted = [{ id: 3, event: { kind: 'x' } }];
    expect(createSseParser().push(bytes(text))).toEqual(wanted);
    expect(
      readIn(
        bytes(text),
        Array.from({ length: text.length * 3 }, (__, index) => index),
      ),
    ).toEqual(wanted);
  });

  it('skips what is no event and goes on', () => {
    const junk = ['data: {"kind":', 'data: [1]', 'data: null', 'data: {"kind":1}', 'id: 9', ': c'].join(
      '\n\n',
    );
    const frames = createSseParser().push(bytes(`${junk}\n\ndata: {"kind":"x"}\nid: no\n\n`));
    expect(frames).toEqual([{ id: undefined, event: { kind: 'x' } }]);
  });

  it('gives a frame out with its last byte, not before', () => {
    const parser = createSseParser();
    expect(parser.push(bytes('data: {"kind":"x"}\n'))).toEqual([]);
    expect(parser.push(bytes('\n'))).toHaveLength(1);
  });

  it('refuses a frame over the cap in any chunking, and takes many below it', () => {
    const frame = encodeSseFrame({ id: 1, event: ended('x'.repeat(50)) });
    const limit = frame.length - 4; // Line ends do not count.
    fc.assert(
      fc.property(cuts, (where) => {
        expect(readIn(bytes(frame.repeat(5)), where, limit)).toHaveLength(5);
        expect(() => readIn(bytes(frame), where, limit - 1)).toThrow(RangeError);
      }),
    );
    expect(() => readIn(bytes('data: endless'), [], 5)).toThrow(RangeError);
  });
});
