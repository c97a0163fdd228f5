import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { messageOf, VzvmError } from '../errors.ts';
import { type OwnerRecord, ownerRecord, type VmAccess, vmAccess, type VmRecord, vmRecord } from './record.ts';

const RECORD = '.json';
const ACCESS = '.access';
const OWNER = '.owner';
const UNFINISHED = '.new';

/**
 * The VMs that this user's programs own, on disk: a file for each, written before anything of the VM exists, and removed
 * when nothing of it is left. What is secret is in a file beside it. Both are readable by nobody else.
 */
export class Journal {
  readonly folder: string;

  /** @param stateDir the folder that VMs live in */
  constructor(stateDir: string) {
    this.folder = join(stateDir, 'journal');
  }

  /** Writes a VM down, in the place of what was known of it. @throws VzvmError DISK_FULL, PERMISSION_DENIED, INTERNAL. */
  write(record: VmRecord): Promise<void> {
    return this.#put(`${record.guest}${RECORD}`, record);
  }

  /** Keeps how a VM is logged in to. @throws VzvmError as {@link Journal.write}. */
  writeAccess(guest: string, access: VmAccess): Promise<void> {
    return this.#put(`${guest}${ACCESS}`, access);
  }

  /** What is known of a VM; undefined where there is none, or a file that another version wrote. */
  read(guest: string): Promise<VmRecord | undefined> {
    return this.#get(`${guest}${RECORD}`, vmRecord);
  }

  /** How a VM is logged in to; undefined where nobody can yet. */
  readAccess(guest: string): Promise<VmAccess | undefined> {
    return this.#get(`${guest}${ACCESS}`, vmAccess);
  }

  /** All VMs, the oldest first. */
  async list(): Promise<readonly VmRecord[]> {
    const records = await Promise.all((await this.#named(RECORD)).map((guest) => this.read(guest)));
    return records
      .filter((each) => each !== undefined)
      .toSorted((one, other) => one.createdAt - other.createdAt);
  }

  /** Writes down a process that owns VMs. @throws VzvmError as {@link Journal.write}. */
  writeOwner(record: OwnerRecord): Promise<void> {
    return this.#put(`${record.owner.id}${OWNER}`, record);
  }

  /** All processes that own VMs, or have owned some that nobody has looked after yet. */
  async owners(): Promise<readonly OwnerRecord[]> {
    const ids = await this.#named(OWNER);
    const records = await Promise.all(ids.map((id) => this.#get(`${id}${OWNER}`, ownerRecord)));
    return records.filter((each) => each !== undefined);
  }

  /** Nothing is left of what a process owned. Idempotent. */
  async forgetOwner(id: string): Promise<void> {
    await this.#remove(`${id}${OWNER}`);
  }

  /** Removes what a writer has left that was killed while it wrote. */
  async forgetUnfinished(isTheirs: (name: string) => boolean): Promise<void> {
    for (const name of await this.#named(UNFINISHED))
      if (isTheirs(name)) await rm(join(this.folder, `${name}${UNFINISHED}`), { force: true });
  }

  /** Nothing of the VM is left. Idempotent. The record goes last: while it is there, somebody looks after the rest. */
  async forget(guest: string): Promise<void> {
    await this.#remove(`${guest}${ACCESS}`);
    await this.#remove(`${guest}${RECORD}`);
  }

  async #named(suffix: string): Promise<string[]> {
    const entries = await readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    return entries.flatMap((name) => (name.endsWith(suffix) ? [name.slice(0, -suffix.length)] : []));
  }

  async #remove(name: string): Promise<void> {
    await rm(join(this.folder, `${name}${UNFINISHED}`), { force: true }); // Of a writer that was killed.
    await rm(join(this.folder, name), { force: true });
  }

  async #put(name: string, content: VmRecord | VmAccess | OwnerRecord): Promise<void> {
    const file = join(this.folder, name);
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      await writeFile(`${file}${UNFINISHED}`, `${JSON.stringify(content)}\n`, { mode: 0o600 });
      await rename(`${file}${UNFINISHED}`, file);
    } catch (cause) {
      throw unwritable(this.folder, cause);
    }
  }

  async #get<T>(name: string, schema: z.ZodType<T>): Promise<T | undefined> {
    try {
      return schema.parse(JSON.parse(await readFile(join(this.folder, name), 'utf8')));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') throw unwritable(this.folder, error);
      return undefined;
    }
  }
}

function unwritable(folder: string, cause: unknown): VzvmError {
  const { code } = cause as NodeJS.ErrnoException;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  const isForbidden = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  return new VzvmError(
    isFull ? 'DISK_FULL' : isForbidden ? 'PERMISSION_DENIED' : 'INTERNAL',
    `the journal of VMs cannot be used: ${messageOf(cause)}`,
    {
      facts: { folder },
      hint: isFull
        ? `make room: df -h ${folder}`
        : `make the folder yours, or give another stateDir: ls -ld ${folder}`,
      cause,
    },
  );
}
