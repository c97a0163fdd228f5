import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { TranscriptEntry } from '@computeragent/protocol';
import { systemCode } from '../errors.ts';
import { freshOf, uuidOf } from './transcript-table.ts';

/** Links are not followed, and a pipe does not make anybody wait. */
const SAFE = constants.O_NOFOLLOW | constants.O_NONBLOCK;
const MAX_BYTES = 512 * 1024 * 1024;
const HEADER_BYTES = 64 * 1024;

/** A transcript as lines of JSON in a file. */
export interface TranscriptFile {
  /** Adds entries that are not there yet; resolves when they are on the disk. */
  append(entries: readonly TranscriptEntry[]): Promise<void>;
  /** All entries, or null when there is none. */
  load(): Promise<TranscriptEntry[] | null>;
}

/**
 * Opens a transcript. It is read once, so that an append costs what it adds. A sub-agent's begins with a line that says
 * whose it is.
 */
export async function openTranscriptFile(path: string, subpath: string | undefined): Promise<TranscriptFile> {
  const before = await readAll(path);
  const uuids = new Set(entriesIn(before).flatMap(uuidOf));
  let isNew = before === '';
  // A line that was cut off by a crash must not swallow the next one.
  let isTorn = before !== '' && !before.endsWith('\n');
  return {
    append: async (entries) => {
      const fresh = freshOf(entries, uuids);
      if (fresh.length === 0) return;
      const header = isNew && subpath !== undefined ? [{ subpath }] : [];
      const lines = [...header, ...fresh].map((entry) => `${JSON.stringify(entry)}\n`);
      // Until it is known to be whole, the end of the file may be anything.
      const repair = isTorn ? '\n' : '';
      isTorn = true;
      await appendAll(path, repair + lines.join(''));
      [isTorn, isNew] = [false, false];
      for (const uuid of fresh.flatMap(uuidOf)) uuids.add(uuid);
    },
    load: async () => {
      const entries = entriesIn(await readAll(path));
      // What was written again after a failure may be there twice.
      return entries.length === 0 ? null : [...freshOf(entries, new Set())];
    },
  };
}

/** The sub-agent that a transcript is of, by its first line; none when it cannot be read. */
export async function subpathOf(path: string): Promise<readonly string[]> {
  await using handle = await open(path, constants.O_RDONLY | SAFE);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
  const headers = valuesIn(buffer.toString('utf8', 0, bytesRead)).filter(isHeader);
  return headers.slice(0, 1).map(({ subpath }) => subpath);
}

async function readAll(path: string): Promise<string> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | SAFE);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return '';
    throw error;
  }
  await using file = handle;
  const stats = await file.stat();
  if (!stats.isFile()) throw new Error('a transcript of the file store is no file');
  if (stats.size > MAX_BYTES) throw new Error(`a transcript of the file store is over ${MAX_BYTES} bytes`);
  return file.readFile('utf8');
}

async function appendAll(path: string, text: string): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | SAFE;
  await using handle = await open(path, flags, 0o600);
  await handle.writeFile(text);
  await handle.datasync();
}

function entriesIn(text: string): TranscriptEntry[] {
  return valuesIn(text).filter((value) => !isHeader(value)) as TranscriptEntry[];
}

function isHeader(value: unknown): value is { readonly subpath: string } {
  if (typeof value !== 'object' || value === null || 'type' in value || !('subpath' in value)) return false;
  return typeof value.subpath === 'string' && Object.keys(value).length === 1;
}

/** A line that is no JSON was cut off: the others still count. */
function valuesIn(text: string): unknown[] {
  return text.split('\n').flatMap((line) => {
    if (line.trim() === '') return [];
    try {
      return [JSON.parse(line) as unknown];
    } catch {
      return [];
    }
  });
}
