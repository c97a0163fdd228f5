import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, realpath } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { TranscriptKey } from '@computeragent/protocol';
import * as z from 'zod';
import { HarnessError, systemCode } from '../errors.ts';
import { makeFolder as makeFolderIn } from '../fs/change.ts';
import type { OpenStore, StoreKind } from './store.ts';
import { openTranscriptFile, subpathOf, type TranscriptFile } from './transcript-file.ts';

const optionsSchema = z.object({ root: z.string().min(1) });
/** All that such a store ever holds. */
const OWN_NAME = /^[0-9a-f]{32}(?:\.[0-9a-f]{32})?\.jsonl$/;

/**
 * Keeps transcripts in the folder that the client names as `options.root`, one file for each, so that they outlive the
 * harness. The folder has to be new, empty, or such a store already: nobody else's folder is written to.
 */
export function fileStore({ below }: { readonly below?: string } = {}): StoreKind {
  return {
    name: 'file',
    open: async ({ scope, sessionId, options }) => {
      const owner = scope === sessionId ? '' : scope;
      return new FileStore(await rootOf(options, below), owner);
    },
  };
}

class FileStore implements OpenStore {
  readonly #root: string;
  readonly #owner: string;
  readonly #files = new Map<string, Promise<TranscriptFile>>();

  constructor(root: string, owner: string) {
    this.#root = root;
    this.#owner = owner;
  }

  readonly append: OpenStore['append'] = async (key, entries) => (await this.#file(key)).append(entries);

  readonly load: OpenStore['load'] = async (key) => (await this.#file(key)).load();

  readonly listSubkeys: OpenStore['listSubkeys'] = async ({ sessionId }) => {
    const prefix = `${this.#hash(sessionId)}.`;
    const names = await readdir(this.#root);
    const own = names.filter((name) => name.startsWith(prefix) && name.split('.').length === 3);
    return (await Promise.all(own.map((name) => subpathOf(join(this.#root, name))))).flat();
  };

  #file({ sessionId, subpath }: TranscriptKey): Promise<TranscriptFile> {
    const name = [sessionId, ...(subpath === undefined ? [] : [subpath])].map((part) => this.#hash(part));
    const path = join(this.#root, `${name.join('.')}.jsonl`);
    let file = this.#files.get(path);
    if (!file) {
      file = openTranscriptFile(path, subpath);
      this.#files.set(path, file);
      // One that could not be opened is tried again with the next call.
      file.catch(() => this.#files.delete(path));
    }
    return file;
  }

  #hash(part: string): string {
    return createHash('sha256')
      .update(this.#owner + part)
      .digest('hex')
      .slice(0, 32);
  }
}

async function rootOf(options: unknown, below: string | undefined): Promise<string> {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) throw refused('the file store needs a folder: sessionStore.options.root');
  const { root: wanted } = parsed.data;
  const root = await (below === undefined ? makeFolder(resolve(wanted)) : makeInside(below, wanted));
  const foreign = (await readdir(root)).some((name) => !OWN_NAME.test(name));
  if (foreign) throw refused('the folder of the file store holds other things: name a folder of its own');
  return root;
}

/** Makes a folder that does not leave the one it has to be in, by no link either. */
async function makeInside(below: string, wanted: string): Promise<string> {
  await mkdir(below, { recursive: true, mode: 0o700 });
  const inside = relative(resolve(below), resolve(below, wanted));
  if (inside !== '') await makeFolderIn(below, inside, true);
  return makeFolder(join(below, inside));
}

async function makeFolder(wanted: string): Promise<string> {
  try {
    await mkdir(wanted, { recursive: true, mode: 0o700 });
    const root = await realpath(wanted);
    if ((await lstat(root)).isDirectory()) return root;
  } catch (error) {
    if (!['EEXIST', 'ENOTDIR', 'EACCES', 'EROFS', 'EPERM', 'ELOOP'].includes(systemCode(error) ?? ''))
      throw error;
    throw refused('the folder of the file store cannot be used', error);
  }
  throw refused('the file store needs a folder');
}

function refused(message: string, cause?: unknown): HarnessError {
  return new HarnessError('VALIDATION', 400, message, { cause });
}
