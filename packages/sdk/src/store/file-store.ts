import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { HostSessionStore, TranscriptRecord } from './host-store.ts';

/**
 * Keeps each session's transcript in a file of its own below `folder` (a leading `~/` is the home folder), which only
 * this user can read. An append is one write, safe on the disk when it resolves; a line that a crash has torn is
 * skipped.
 */
export function hostFileStore(folder: string): HostSessionStore {
  const root = folder === '~' || folder.startsWith('~/') ? join(homedir(), folder.slice(1)) : resolve(folder);
  const fileOf = (sessionId: string): string => {
    const hash = createHash('sha256').update(sessionId).digest('hex');
    return join(root, `${hash.slice(0, 32)}.jsonl`);
  };
  return {
    load: (sessionId) => recordsIn(fileOf(sessionId)),
    async append(sessionId, records) {
      if (records.length === 0) return;
      await mkdir(root, { recursive: true, mode: 0o700 });
      await appendLines(fileOf(sessionId), records);
    },
  };
}

const APPEND = constants.O_APPEND | constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW;

async function appendLines(file: string, records: readonly TranscriptRecord[]): Promise<void> {
  const lines = records.map(({ key, entries }) => `${JSON.stringify({ key, entries })}\n`).join('');
  const handle = await open(file, APPEND, 0o600);
  try {
    // What a crash has torn must not swallow the line after it.
    const text = (await endsInLine(handle)) ? lines : `\n${lines}`;
    await handle.appendFile(text);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

async function endsInLine(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return true;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 0x0a;
}

async function* recordsIn(file: string): AsyncGenerator<TranscriptRecord> {
  const stream = createReadStream(file, { encoding: 'utf8' });
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
      const record = recordOf(line);
      if (record) yield record;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    stream.destroy();
  }
}

function recordOf(line: string): TranscriptRecord | undefined {
  try {
    const value = JSON.parse(line) as Partial<TranscriptRecord> | null;
    const isRecord = typeof value?.key === 'object' && Array.isArray(value.entries);
    return isRecord ? (value as TranscriptRecord) : undefined;
  } catch {
    return undefined; // Torn by a crash: what it was is not known, and what follows is.
  }
}
