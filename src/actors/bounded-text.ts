/** More than a harness ever answers to us. */
const MOST_CHARACTERS = 64 * 1024;

/** The beginning of a body. What answers may be anything: whoever is in the guest may listen in place of a harness. */
export async function boundedText(body: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of body) {
    text += chunk.toString();
    if (text.length > MOST_CHARACTERS) break;
  }
  return text;
}
