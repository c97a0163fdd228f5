import { createHash } from 'node:crypto';

/** Names the content of files: the same names and bytes in any order give the same digest. */
export function digestOf(
  files: readonly { readonly path: string; readonly content: Buffer | string }[],
): string {
  const hash = createHash('sha256');
  for (const { path, content } of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const bytes = Buffer.from(content as string);
    // Lengths keep apart what would otherwise read the same: ("a", "bc") and ("ab", "c").
    hash.update(`${Buffer.byteLength(path)}:${path}:${bytes.length}:`).update(bytes);
  }
  return hash.digest('hex');
}
