import { openForWriting } from './open.ts';

/** Writes a small file inside `root`. */
export async function writeText(root: string, path: string, content: string | Uint8Array): Promise<void> {
  await using handle = await openForWriting(root, path);
  await handle.writeFile(content);
}
