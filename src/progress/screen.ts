import { stripVTControlCharacters } from 'node:util';

const ERASE_LINE = '\r\u001b[K';
const UP = '\u001b[1A';
const DEFAULT_COLUMNS = 80;

/** A stream with lines that stay, and on a terminal below them some that change. */
export class Screen {
  readonly isLive: boolean;
  readonly #out: NodeJS.WriteStream;
  /** The live lines that stand there now. */
  #standing: readonly string[] = [];

  constructor(out: NodeJS.WriteStream, isLive: boolean) {
    this.#out = out;
    this.isLive = isLive;
  }

  /** Writes a line that stays. */
  write(line: string): void {
    this.#out.write(`${this.#erased()}${clean(line)}\n`);
  }

  /** Puts these lines in the place of the live ones. */
  live(lines: readonly string[]): void {
    if (!this.isLive) return;
    const width = Math.max(1, (this.#out.columns || DEFAULT_COLUMNS) - 1);
    const cut = lines.map((line) => cutTo(clean(line), width));
    if (cut.length === 0 && this.#standing.length === 0) return;
    this.#out.write(`${this.#erased()}${cut.join('\n')}`);
    this.#standing = cut;
  }

  /** What takes the live lines away. A window made narrower has wrapped them: then more lines go. */
  #erased(): string {
    const columns = this.#out.columns || DEFAULT_COLUMNS;
    const rows = this.#standing.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)),
      0,
    );
    this.#standing = [];
    return rows === 0 ? '' : `${ERASE_LINE}${`${UP}${ERASE_LINE}`.repeat(rows - 1)}`;
  }
}

// oxlint-disable-next-line no-control-regex -- They are what is looked for.
const CONTROLS = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]/g;
// oxlint-disable-next-line no-control-regex -- Colours are made of it.
const COLOUR = /\u001b\[\d{1,2}m/g;

const COLOUR_BETWEEN = new RegExp(`(${COLOUR.source})`);

/** What guests and programs say must not move the cursor; our own colours stay. */
function clean(line: string): string {
  const colours = line.match(COLOUR) ?? [];
  const parts = line.split(COLOUR).map((part) => stripVTControlCharacters(part).replaceAll(CONTROLS, ' '));
  return parts.map((part, index) => `${part}${colours[index] ?? ''}`).join('');
}

const LETTERS = new Intl.Segmenter();

const lettersOf = (text: string): string[] => Array.from(LETTERS.segment(text), ({ segment }) => segment);

const widthOf = (line: string): number =>
  lettersOf(stripVTControlCharacters(line)).reduce((sum, letter) => sum + letterWidth(letter), 0);

/** Letters of East Asia and pictures are two columns wide. */
function letterWidth(letter: string): number {
  const code = letter.codePointAt(0) ?? 0;
  return code >= 0x2e80 || (code >= 0x1100 && code < 0x1160) ? 2 : 1;
}

/** The beginning of a line that is no wider; colours do not count, and end with it. */
function cutTo(line: string, width: number): string {
  if (widthOf(line) <= width) return line;
  const pieces = line.split(COLOUR_BETWEEN);
  let left = width - 1;
  const kept = pieces.map((piece, index) => {
    if (index % 2 === 1) return piece;
    let text = '';
    for (const letter of lettersOf(piece)) {
      left -= letterWidth(letter);
      if (left < 0) break;
      text += letter;
    }
    return text;
  });
  return `${kept.join('')}…`;
}
