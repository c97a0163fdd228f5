import { type FileHandle, open } from 'node:fs/promises';
import { messageOf } from '../../errors.ts';
import type { InspectorRecord } from '../records.ts';
import { ROOT_ACTOR } from '../records.ts';
import { headerAt, readHeader, type TraceLine } from './format.ts';

/** How a trace is written. */
export interface TraceWriterOptions {
  readonly path: string;
  /** Told once, in a sentence, when the trace cannot be written on. */
  readonly onProblem: (problem: string) => void;
  /** What the file may take, in bytes. @defaultValue 64 MiB */
  readonly limitBytes?: number;
  /** @defaultValue Date.now */
  readonly now?: () => number;
}

const DEFAULT_LIMIT = 64 * 1024 ** 2;
/** The last part of what a file may take is for what the machines do: how it ended is what a trace is read for. */
const RESERVED = 0.1;
const FIRST_LINE = 4_096;

/**
 * Writes records into a file that nobody else can read. Whatever goes wrong with the file is told, and changes nothing
 * else: a trace never fails a boot.
 */
export class TraceWriter {
  readonly #options: TraceWriterOptions;
  readonly #limit: number;
  #file: FileHandle | undefined;
  #opening: Promise<void> | undefined;
  #bytes = 0;
  #hasStopped = false;
  #isCut = false;

  constructor(options: TraceWriterOptions) {
    this.#options = options;
    this.#limit = options.limitBytes ?? DEFAULT_LIMIT;
  }

  /** Writes records; resolves when they are in the file, or cannot be. Never rejects. */
  async write(records: readonly InspectorRecord[]): Promise<void> {
    await this.#quietly(async () => {
      await (this.#opening ??= this.#open());
      await this.#append(records);
    });
  }

  /** Every record so far is in the file already. */
  caughtUp(): void {}

  /** Closes the file. What comes later is not written. Never rejects. */
  async close(): Promise<void> {
    await this.#opening?.catch(() => undefined); // Told when it failed.
    this.#hasStopped = true;
    const file = this.#file;
    this.#file = undefined;
    await this.#quietly(async () => file?.close(), true);
  }

  async #open(): Promise<void> {
    const { path, now = Date.now } = this.#options;
    // Opened without a change to it: a file that is no trace must not be lost to a slip of the pen.
    const file = await open(path, 'a+', 0o600);
    try {
      await begin(file, path);
    } catch (error) {
      await file.close();
      throw error;
    }
    this.#file = file;
    await this.#put([lineOf(headerAt(now()))]);
  }

  async #append(records: readonly InspectorRecord[]): Promise<void> {
    const all = records.map(lineOf);
    const bytes = Buffer.byteLength(all.join(''));
    if (!this.#isCut && this.#bytes + bytes > this.#limit * (1 - RESERVED)) {
      this.#isCut = true;
      const { now = Date.now } = this.#options;
      await this.#put([lineOf({ kind: 'cut', at: now(), limitBytes: this.#limit })]);
      this.#tell(`it is ${this.#limit} bytes long, which is its limit: from now on it has the states alone`);
    }
    await this.#put(this.#isCut ? records.filter(isOfMachine).map(lineOf) : all);
  }

  async #put(lines: readonly string[]): Promise<void> {
    const text = lines.join('');
    const bytes = Buffer.byteLength(text);
    if (bytes === 0 || this.#hasStopped) return;
    if (this.#bytes + bytes > this.#limit) {
      this.#hasStopped = true;
      return;
    }
    this.#bytes += bytes;
    await this.#file?.appendFile(text);
  }

  async #quietly(work: () => Promise<unknown>, always = false): Promise<void> {
    if (this.#hasStopped && !always) return;
    try {
      await work();
    } catch (error) {
      this.#hasStopped = true;
      this.#tell(messageOf(error));
    }
  }

  #tell(problem: string): void {
    this.#options.onProblem(`the trace ${this.#options.path} is not whole: ${problem}`);
  }
}

const lineOf = (line: TraceLine): string => `${JSON.stringify(line)}\n`;

const isOfMachine = (record: InspectorRecord): boolean =>
  record.kind === 'vm' ||
  record.kind === 'digest' ||
  record.kind === 'hint' ||
  ((record.kind === 'microstep' || record.kind === 'snapshot') && record.actor === ROOT_ACTOR);

/** Empties a trace, and nothing else. */
async function begin(file: FileHandle, path: string): Promise<void> {
  const stats = await file.stat();
  if (!stats.isFile()) throw new Error(`${path} is no file`);
  if (stats.size > 0 && !(await isTrace(file)))
    throw new Error(`${path} is no trace, and is not overwritten`);
  await file.truncate(0);
  await file.chmod(0o600);
}

async function isTrace(file: FileHandle): Promise<boolean> {
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(FIRST_LINE), position: 0 });
  const [first = ''] = buffer.toString('utf8', 0, bytesRead).split('\n');
  return readHeader(first) !== undefined;
}
