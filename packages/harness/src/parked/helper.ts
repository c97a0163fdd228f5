import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { deferred } from '../deferred.ts';

/** It may have to start sudo and an interpreter on a slow machine. */
const START_MS = 30_000;
const RENEW_MS = 15_000;
const MOST_STDERR = 2_000;

/**
 * A program that renews the machine's identity, with rights that the harness does not have. It is started long before
 * it is needed, and says `ready` once it waits. Then it is fed lines of a name and a value in hexadecimal digits, with
 * `end` as the last one, and says `renewed` when all of it is done. It ends by itself, whatever happened.
 */
export class RenewalHelper {
  /** Resolves with the reason when the program has ended; never rejects. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #said = new Map(['ready', 'renewed'].map((word) => [word, deferred<void>()]));
  #stderr = '';

  private constructor([program = '', ...args]: readonly string[]) {
    // In the harness's process group, and at the other end of its pipe: it goes when the harness goes.
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const { stdin, stdout, stderr } = this.#child;
    stdin.on('error', () => undefined);
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-MOST_STDERR);
    });
    createInterface({ input: stdout }).on('line', (line) => this.#said.get(line)?.resolve());
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(error.message));
      this.#child.once('close', (code, signal) =>
        resolve(this.#stderr.trim() || `it ended with ${signal ?? code}`),
      );
    });
  }

  /** Starts it and waits until it is ready. */
  static async start(command: readonly string[]): Promise<RenewalHelper> {
    const helper = new RenewalHelper(command);
    await helper.#hear('ready', START_MS);
    return helper;
  }

  /** Hands over the fields; resolves when the machine has them. */
  async renew(fields: Readonly<Record<string, string | Buffer>>): Promise<void> {
    const lines = Object.entries(fields).map(([name, value]) => `${name} ${hex(value)}\n`);
    this.#child.stdin.end(`${lines.join('')}end\n`);
    await this.#hear('renewed', RENEW_MS);
  }

  async #hear(word: string, timeoutMs: number): Promise<void> {
    const { promise: late, reject } = deferred<never>();
    const timer = setTimeout(
      () => reject(new Error(`it did not say "${word}" within ${timeoutMs} ms`)),
      timeoutMs,
    );
    const gone = this.ended.then((reason) => {
      throw new Error(reason);
    });
    try {
      await Promise.race([this.#said.get(word)?.promise, gone, late]);
    } catch (error) {
      // Of use where it runs as the same user; root's ends with its pipe.
      this.#child.kill('SIGKILL');
      throw error;
    } finally {
      clearTimeout(timer);
      gone.catch(() => undefined);
      late.catch(() => undefined);
    }
  }
}

function hex(value: string | Buffer): string {
  return Buffer.from(value as string).toString('hex');
}
