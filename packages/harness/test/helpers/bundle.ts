import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** Builds the bundle as the project does, into a folder that has the packages beside it, as a guest has. */
export async function buildBundle(folder: string): Promise<string> {
  const outfile = join(folder, 'harness.mjs');
  const script = join(ROOT, 'scripts/build-harness.mjs');
  await promisify(execFile)(process.execPath, [script, '--outfile', outfile]);
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return outfile;
}

/** A bundle that runs. */
export class RunningBundle implements AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams;
  readonly exited: Promise<number | null>;
  stdout = '';
  stderr = '';

  constructor(bundle: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.child = spawn(process.execPath, [bundle, ...args], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
    });
    this.child.stdout.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.exited = once(this.child, 'exit').then(([code]) => code as number | null);
  }

  /** The first line of standard output, parsed. */
  async listening(): Promise<{ readonly port: number; readonly event: string }> {
    const lines = createInterface({ input: this.child.stdout });
    const first = once(lines, 'line').then(
      ([line]) => JSON.parse(line as string) as { port: number; event: string },
    );
    const ended = this.exited.then((code) => {
      throw new Error(`the bundle ended with ${code}: ${this.stderr}`);
    });
    return Promise.race([first, ended]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.exited;
  }
}
