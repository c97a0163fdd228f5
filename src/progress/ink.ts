/** Colours, or none. */
export interface Ink {
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly strong: (text: string) => string;
}

const ESC = '\u001b[';
const paint = (on: number, off: number) => (text: string) => `${ESC}${on}m${text}${ESC}${off}m`;
const plain = (text: string) => text;

const COLOURED: Ink = {
  dim: paint(2, 22),
  good: paint(32, 39),
  bad: paint(31, 39),
  warn: paint(33, 39),
  strong: paint(1, 22),
};
const PLAIN: Ink = { dim: plain, good: plain, bad: plain, warn: plain, strong: plain };

/** Colours where a terminal shows them, and nobody asked for none: https://no-color.org. */
export function inkFor(out: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Ink {
  const wantsNone = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return out.isTTY === true && !wantsNone ? COLOURED : PLAIN;
}
