/** The beginning of a body. What answers may be anything: whoever is in the guest may listen in place of a harness. */
export async function boundedText(body: AsyncIterable<Buffer>, mostCharacters: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > mostCharacters) break;
  }
  return text;
}
