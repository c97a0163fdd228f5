import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPage } from '../../process/open-page.ts';

/** A browser that has not read it by then will not any more. */
const READ_WITHIN_MS = 30_000;

/**
 * Opens the page in the user's browser, by a file that nobody else can read: command lines can be read by all, and the
 * address is secret. Answers how the file is removed, which it is by itself after a while, or when it could not be opened.
 */
export async function openInspector(
  url: string,
  onFailure: (why: string) => void,
): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'vzvm-inspector-')); // Its owner's alone.
  const remove = () => rm(folder, { recursive: true, force: true });
  const file = join(folder, 'open.html');
  await writeFile(file, `<!doctype html><meta http-equiv="refresh" content="0; url=${url}">`, {
    mode: 0o600,
  });
  const late = setTimeout(() => void remove(), READ_WITHIN_MS).unref();
  openPage(file, (why) => {
    onFailure(why);
    void remove();
  });
  return () => {
    clearTimeout(late);
    return remove();
  };
}
