import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalSubstrate, type LocalSubstrateOptions } from '../../src/index.ts';
import { markedProcesses } from './marked.ts';

/** A local substrate with a home and a temporary folder of its own, and what it has said. */
export class TestSubstrate implements AsyncDisposable {
  readonly substrate: LocalSubstrate;
  readonly folder: string;
  readonly lines: string[];

  private constructor(folder: string, options: LocalSubstrateOptions) {
    const lines: string[] = [];
    const env = { PATH: process.env['PATH'], HOME: folder, TMPDIR: join(folder, 'tmp'), TEST_FOLDER: folder };
    this.folder = folder;
    this.lines = lines;
    this.substrate = new LocalSubstrate({ env, onLog: (line) => void lines.push(line), ...options });
  }

  static async make(
    options: (folder: string) => LocalSubstrateOptions | Promise<LocalSubstrateOptions> = () => ({}),
  ): Promise<TestSubstrate> {
    const folder = await mkdtemp(join(tmpdir(), 'local-test-'));
    await mkdir(join(folder, 'tmp'));
    return new TestSubstrate(folder, await options(folder));
  }

  /** Processes of this substrate's harnesses: those whose environment names its folder. */
  processes(): number[] {
    return [...markedProcesses(this.folder).keys()];
  }

  /** Folders of sessions that are there. */
  async workdirs(): Promise<string[]> {
    const entries = await readdir(join(this.folder, 'tmp'));
    const name = `computeragent-sessions-${process.getuid?.()}`;
    return entries.includes(name) ? readdir(join(this.folder, 'tmp', name)) : [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.substrate.dispose();
    await rm(this.folder, { recursive: true });
  }
}
