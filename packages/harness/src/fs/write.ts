import { openForWriting } from './open.ts';

/** Writes a small file inside `root`, with these permission bits if they are given. */
export async function writeText(
  root: string,
  path: string,
  content: string | Uint8Array,
  mode?: number,
): Promise<void> {
  await using handle = await openForWriting(root, path);
  await handle.writeFile(content);
  if (mode !== undefined) await handle.chmod(mode);
}
