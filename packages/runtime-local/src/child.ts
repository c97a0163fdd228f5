import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { endMarked, HARNESS_MARK, killGroup } from '@computeragent/harness/host';
import { LocalSubstrateError } from './errors.ts';
import type { HarnessLog } from './harness-log.ts';
import { linesOf } from './lines.ts';

const DRAIN_MS = 1_000;

/** How a child is started. */
export interface ChildInit {
  readonly nodePath: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Written to its standard input, which then stays open: its end is the child's end. Secret. */
  readonly config: string;
  /** Marks the child and all that it starts. */
  readonly id: string;
  readonly log: HarnessLog;
}

/** How a child has ended. */
export interface ChildEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A harness that runs as a child process, at the head of a process group of its own. */
export class HarnessChild {
  readonly exited: Promise<ChildEnd>;
  /** The first line of its standard output; undefined when it ends without one. */
  readonly firstLine: Promise<string | undefined>;
  readonly #drained: Promise<unknown>;
  readonly #child: ChildProcess;
  readonly #id: string;
  readonly #swept: Promise<void>;

  private constructor(child: ChildProcess, { id, log, config }: ChildInit) {
    this.#child = child;
    this.#id = id;
    this.exited = once(child, 'exit').then(([exitCode, signal]) => ({ exitCode, signal }) as ChildEnd);
    // What it has started is ended with it, also when nobody has asked it to end.
    this.#swept = this.exited.then(() => this.#sweep());
    this.#swept.catch(() => undefined); // Told to whoever shuts it down.
    const stdout = linesOf(child.stdout as AsyncIterable<string>);
    this.firstLine = stdout.next().then(({ value }) => value ?? undefined);
    const rest = this.firstLine.then(() => log.follow(stdout));
    this.#drained = Promise.all([rest, log.follow(linesOf(child.stderr as AsyncIterable<string>))]);
    // It may end before it has read: that it ended is what is told.
    child.stdin?.on('error', () => undefined).write(`${config}\n`);
  }

  /** @throws LocalSubstrateError SPAWN_FAILED. */
  static async start(init: ChildInit): Promise<HarnessChild> {
    const child = spawn(init.nodePath, init.args, {
      env: { ...init.env, [HARNESS_MARK]: init.id },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    child.stdout.setEncoding('utf8');
    child.stderr.setEncoding('utf8');
    const started = new HarnessChild(child, init);
    try {
      await once(child, 'spawn');
    } catch (cause) {
      throw new LocalSubstrateError('SPAWN_FAILED', `${init.nodePath} cannot be started`, {
        facts: { nodePath: init.nodePath },
        hint: 'give nodePath the path of a Node of 22.19 or newer',
        cause,
      });
    }
    return started;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Asks it to end, ends it by force after the grace, then all that it has started; resolves when they are gone.
   * @throws LocalSubstrateError RELEASE_FAILED when some of them cannot be ended.
   */
  async end(graceMs: number): Promise<void> {
    this.#child.kill('SIGTERM');
    const patience = new AbortController();
    const gone = this.exited.then(() => patience.abort());
    await sleep(graceMs, undefined, { signal: patience.signal }).catch(() => undefined);
    this.#child.kill('SIGKILL');
    await gone;
    await this.#swept;
    // What is still in its pipes belongs into the log, unless somebody unknown to us holds them open.
    await Promise.race([this.#drained, sleep(DRAIN_MS)]);
    for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) stream?.destroy();
  }

  async #sweep(): Promise<void> {
    if (this.#child.pid !== undefined) killGroup(this.#child.pid);
    const left = await endMarked(this.#id);
    if (left.length === 0) return;
    throw new LocalSubstrateError('RELEASE_FAILED', `processes of a harness do not end: ${left.join(', ')}`, {
      facts: { processes: left.join(', ') },
      hint: `kill -9 ${left.join(' ')}`,
    });
  }
}
