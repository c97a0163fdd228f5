/** Controls of terminals and of text direction: what an agent writes must not change what a person sees. */
const HIDDEN = /(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Text with everything in it visible. */
export function printable(text: string): string {
  return text.replaceAll(HIDDEN, (char) => {
    const code = (char.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
  });
}
