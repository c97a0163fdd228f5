/** A longer line is cut: what is kept must not grow with what a program writes. */
const MOST_CHARACTERS = 64 * 1024;

/** The lines of a stream, the last one also without an end. */
export async function* linesOf(stream: AsyncIterable<string>): AsyncGenerator<string, void> {
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + chunk).split(/\r?\n/);
    rest = (lines.pop() ?? '').slice(0, MOST_CHARACTERS);
    yield* lines.map((line) => line.slice(0, MOST_CHARACTERS));
  }
  if (rest !== '') yield rest;
}
