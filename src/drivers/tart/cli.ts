import { VzvmError } from '../../errors.ts';
import { run, type RunResult } from '../../process/run.ts';
import { environmentOf, tartHome, type TartEnvironment } from './environment.ts';

/** Exit code for exactly three cases: the VM does not exist, does not run, or runs already. */
export const EXIT_VM_STATE = 2;

/** How tart is called. */
export interface TartOptions {
  readonly bin: string;
  /** `TART_HOME`; tart's own default when undefined. */
  readonly home?: string | undefined;
}

const INSTALL = 'run: brew install cirruslabs/cli/tart';
/** Older ones cannot be reached by `tart exec` where their folder's path is long. */
const OLDEST = [2, 30, 6] as const;
/** Built by whoever uses it: newer than any. */
const SNAPSHOT = '999.0.0';

/** One call of tart, to its end. Never matched by localised text: by exit code alone. */
export class TartCli {
  readonly #options: TartOptions;

  constructor(options: TartOptions) {
    this.#options = options;
  }

  get bin(): string {
    return this.#options.bin;
  }

  /** Tart's folder, on this host's disk. */
  get home(): string {
    return tartHome(this.#options.home);
  }

  /** What a verb is run with. */
  envOf(verb: string): TartEnvironment {
    return environmentOf(verb, this.#options.home);
  }

  /**
   * Runs one verb.
   * @throws VzvmError TOOL_MISSING with the command that installs it.
   */
  async run(
    args: readonly string[],
    options: { timeoutMs: number; signal?: AbortSignal | undefined; onLine?: (line: string) => void },
  ): Promise<RunResult> {
    const { timeoutMs, signal, onLine } = options;
    try {
      return await run(this.bin, args, {
        timeoutMs,
        signal,
        env: this.envOf(args[0] ?? ''),
        onStdoutLine: onLine,
      });
    } catch (error) {
      if (!(error instanceof VzvmError) || error.code !== 'TOOL_MISSING') throw error;
      throw new VzvmError('TOOL_MISSING', `${this.bin} is not installed`, {
        facts: { tool: this.bin },
        hint: `${INSTALL}, or set tartBin`,
        cause: error,
      });
    }
  }

  /**
   * Tart's version.
   * @throws VzvmError TOOL_TOO_OLD, TOOL_MISSING.
   */
  async version(signal?: AbortSignal): Promise<string> {
    const { stdout } = await this.run(['--version'], { timeoutMs: 15_000, signal });
    const version = /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? (stdout.includes('SNAPSHOT') ? SNAPSHOT : '0.0.0');
    if (isAtLeast(version, OLDEST)) return version;
    throw new VzvmError('TOOL_TOO_OLD', `tart ${version} is too old`, {
      facts: { found: version, needed: OLDEST.join('.') },
      hint: 'run: brew upgrade cirruslabs/cli/tart',
    });
  }
}

/** Compares versions by their numbers. */
export function isAtLeast(version: string, oldest: readonly number[]): boolean {
  const parts = version.split('.').map(Number);
  for (const [index, least] of oldest.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}
