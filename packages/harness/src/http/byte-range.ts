/** The bytes of a file that were asked for: all of them, a part, or a part that there is not. */
export type ByteRange =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'none' };

const SINGLE = /^bytes=(\d*)-(\d*)$/;

/**
 * Reads a Range header for a file of `size` bytes; `end` is the byte after the last. Several ranges at once, other
 * units and nonsense are answered with the whole file, as HTTP allows.
 */
export function byteRange(header: string | undefined, size: number): ByteRange {
  const [, first = '', last = ''] = SINGLE.exec(header?.replaceAll(' ', '') ?? '') ?? [];
  if (first === '' && last === '') return { kind: 'whole' };
  if (first === '') return part(Math.max(size - Number(last), 0), size, size);
  if (last !== '' && Number(last) < Number(first)) return { kind: 'whole' };
  return part(Number(first), last === '' ? size : Math.min(Number(last) + 1, size), size);
}

function part(start: number, end: number, size: number): ByteRange {
  return start < size ? { kind: 'part', start, end } : { kind: 'none' };
}
