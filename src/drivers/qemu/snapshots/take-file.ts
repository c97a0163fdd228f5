import { link, open, rename } from 'node:fs/promises';

const CHUNK = 1024 * 1024;
const ZEROS = Buffer.alloc(CHUNK);

/** Gives a file a place in a template: it is moved, or gets a second name where it stays in use. */
export async function takeFile(from: string, to: string, isInUse: boolean): Promise<void> {
  try {
    await (isInUse ? link(from, to) : rename(from, to));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await copySparse(from, to);
  }
}

/** Memory is mostly nothing: what is nothing takes no space. */
async function copySparse(from: string, to: string): Promise<void> {
  await using source = await open(from, 'r');
  await using target = await open(to, 'wx', 0o600);
  const buffer = Buffer.alloc(CHUNK);
  for (let position = 0; ;) {
    const { bytesRead } = await source.read(buffer, 0, CHUNK, position);
    if (bytesRead === 0) return target.truncate(position);
    const isNothing = buffer.compare(ZEROS, 0, bytesRead, 0, bytesRead) === 0;
    if (!isNothing) await target.write(buffer, 0, bytesRead, position);
    position += bytesRead;
  }
}
