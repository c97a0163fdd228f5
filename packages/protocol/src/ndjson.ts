/** A longer line is refused: a stream must not fill the memory. */
const MAX_LINE_CHARS = 64 * 1024 * 1024;

/** Reads lines of JSON from a byte stream in any chunking. */
export interface NdjsonParser {
  /**
   * Takes the next bytes in; answers the values of the lines that are complete with them. Throws SyntaxError where a
   * line is no JSON, RangeError past the size cap.
   */
  push(chunk: Uint8Array): unknown[];
  /** Answers the last line's value, where it has no end of line. To be called once the stream has ended. */
  end(): unknown[];
}

/** A parser for one stream: tolerates CRLF, a BOM and split UTF-8, and skips empty lines. */
export function createNdjsonParser(maxLineChars: number = MAX_LINE_CHARS): NdjsonParser {
  const decoder = new TextDecoder();
  let rest = '';
  const take = (text: string): unknown[] => {
    const values: unknown[] = [];
    let from = 0;
    for (let to = text.indexOf('\n'); to !== -1; to = text.indexOf('\n', from)) {
      values.push(...valueOf(rest + text.slice(from, to), maxLineChars));
      rest = '';
      from = to + 1;
    }
    rest += text.slice(from);
    if (rest.length > maxLineChars) throw tooLong(maxLineChars);
    return values;
  };
  return {
    push: (chunk) => take(decoder.decode(chunk, { stream: true })),
    end: () => take(`${decoder.decode()}\n`),
  };
}

function valueOf(line: string, maxLineChars: number): unknown[] {
  if (line.length > maxLineChars) throw tooLong(maxLineChars);
  return line.trim() === '' ? [] : [JSON.parse(line) as unknown];
}

function tooLong(max: number): RangeError {
  return new RangeError(`a line of over ${max} characters`);
}
