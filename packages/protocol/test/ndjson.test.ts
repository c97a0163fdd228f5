import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNdjsonParser } from '../src/index.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function readIn(stream: Uint8Array, cuts: readonly number[], max?: number): unknown[] {
  const parser = createNdjsonParser(max);
  const places = [...cuts.map((cut) => cut % (stream.length + 1)), 0, stream.length].toSorted(
    (a, b) => a - b,
  );
  const values = places.slice(1).flatMap((end, index) => parser.push(stream.subarray(places[index], end)));
  return [...values, ...parser.end()];
}

const cuts = fc.array(fc.nat(), { maxLength: 40 });

describe('createNdjsonParser', () => {
  it('reads what was written, in any chunking, with any ends of lines and empty lines between', () => {
    const separator = fc.constantFrom('\n', '\r\n', '\n\n', '\n \n');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.jsonValue(), separator)), cuts, fc.boolean(), (lines, where, ends) => {
        const text = lines.map(([value, end]) => JSON.stringify(value) + end).join('');
        const stream = bytes(ends ? text : text.trimEnd());
        const wanted = lines.map(([value]) => JSON.parse(JSON.stringify(value)) as unknown);
        expect(readIn(stream, where)).toEqual(wanted);
      }),
    );
  });

  it('gives a value out with the end of its line, not before', () => {
    const parser = createNdjsonParser();
    expect(parser.push(bytes('\uFEFF{"a":1}'))).toEqual([]);
    expect(parser.push(bytes('\n{'))).toEqual([{ a: 1 }]);
    expect(parser.push(bytes('}'))).toEqual([]);
    expect(parser.end()).toEqual([{}]);
    expect(parser.end()).toEqual([]);
  });

  it('throws at a line that is no JSON, and at one over the cap, in any chunking', () => {
    fc.assert(
      fc.property(cuts, (where) => {
        expect(() => readIn(bytes('{}\n{"a":\n'), where)).toThrow(SyntaxError);
        expect(readIn(bytes('"12345678"\n"12345678"'), where, 10)).toHaveLength(2);
        expect(() => readIn(bytes('"12345678"\n"123456789"'), where, 10)).toThrow(RangeError);
      }),
    );
    expect(() => readIn(bytes('[ endless'), [], 5)).toThrow(RangeError);
  });
});
