const SEQUENCE = /\u001b\[(\d*)([A-Za-z])/y; // oxlint-disable-line no-control-regex

/** What stands on a terminal of this width after it was sent a text: enough of one for lines that are written anew. */
export function screenAfter(text: string, columns: number): string[] {
  const rows: string[][] = [[]];
  let [row, column] = [0, 0];
  const at = (index: number) => (rows[index] ??= []);
  for (let index = 0; index < text.length;) {
    SEQUENCE.lastIndex = index;
    const [whole, count, letter] = SEQUENCE.exec(text) ?? [];
    if (whole !== undefined) {
      if (letter === 'A') row = Math.max(0, row - Number(count || 1));
      if (letter === 'K') at(row).length = Math.min(at(row).length, column);
      index += whole.length;
      continue;
    }
    const glyph = String.fromCodePoint(text.codePointAt(index) ?? 0);
    index += glyph.length;
    if (glyph === '\r') column = 0;
    else if (glyph === '\n') row += 1;
    else {
      if (column === columns) [row, column] = [row + 1, 0];
      while (at(row).length < column) at(row).push(' ');
      at(row)[column] = glyph;
      column += 1;
    }
  }
  return rows.map((cells) => (cells ?? []).join('').trimEnd());
}
