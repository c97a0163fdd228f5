import { type ProgressClock, realClock } from './clock.ts';
import { type Ink, inkFor } from './ink.ts';
import { doneLine, headLine, liveLines, plainLines, startLine } from './lines.ts';
import { Screen } from './screen.ts';
import type { Progress, ProgressStep } from './types.ts';

/** How progress is shown. */
export interface TerminalProgressOptions {
  /** Where it is shown. @defaultValue `process.stderr` */
  readonly out?: NodeJS.WriteStream;
  /** Shows every line of the log as well, and no line that changes. @defaultValue false */
  readonly verbose?: boolean;
  /** @defaultValue the time of this process */
  readonly clock?: ProgressClock;
  /** @defaultValue `process.env` */
  readonly env?: NodeJS.ProcessEnv;
}

/** Shows people what happens: a live list on a terminal, plain lines elsewhere. */
export interface TerminalProgress {
  /** Takes progress in: give it as `onProgress`. */
  readonly update: (progress: Progress) => void;
  /** Takes a line of the log: shown where it tells more than the steps do. Give it as `onLog`. */
  readonly log: (line: string) => void;
  /** Writes lines of the program's own. */
  readonly say: (text: string) => void;
  /** Takes away the lines that change, and stops. */
  readonly end: () => void;
}

const TICK_MS = 200;
/** Where lines do not change: a step is told of before its end when it takes that long. */
const LONG_STEP_MS = 3_000;
/** What images and templates are made of takes minutes, and has no steps of its own; and what went wrong beside the steps. */
const WORTH_TELLING =
  /image|template|build|bootstrap|download|left behind|waiting for|trace|inspector|cannot|could not|lost/i;

/** The list of steps tells it. */
const IS_STEP = /^image \S+: [a-z-]+$/;

/** What of one VM or image was written already. */
interface Shown {
  progress: Progress;
  done: number;
  started: number;
  /** How slow the step was when that was last told. */
  slow: string | undefined;
}

/** Makes what shows progress. Keeps no process alive. */
export function createTerminalProgress(options: TerminalProgressOptions = {}): TerminalProgress {
  const view = new TerminalView(options);
  return {
    update: (progress) => view.update(progress),
    log: (line) => view.log(line),
    say: (text) => view.say(text),
    end: () => view.end(),
  };
}

class TerminalView {
  readonly #screen: Screen;
  readonly #ink: Ink;
  readonly #clock: ProgressClock;
  readonly #isVerbose: boolean;
  readonly #shown = new Map<string, Shown>();
  #timer: unknown;
  #frame = 0;

  constructor({
    out = process.stderr,
    verbose = false,
    clock = realClock,
    env = process.env,
  }: TerminalProgressOptions) {
    this.#screen = new Screen(out, out.isTTY === true && !verbose && env['TERM'] !== 'dumb');
    this.#ink = inkFor(out, env);
    this.#clock = clock;
    this.#isVerbose = verbose;
  }

  update(progress: Progress): void {
    const known = this.#shown.get(progress.subject);
    const shown = known ?? { progress, done: 0, started: 0, slow: undefined };
    if (!known) this.#screen.write(headLine(progress, this.#ink));
    shown.progress = progress;
    this.#shown.set(progress.subject, shown);
    this.#writeDone(shown);
    if (!this.#screen.isLive) this.#writePlain(shown);
    if (progress.status === 'ended') this.#shown.delete(progress.subject);
    this.#draw();
  }

  log(line: string): void {
    if (this.#isVerbose || (WORTH_TELLING.test(line) && !IS_STEP.test(line)))
      this.say(this.#ink.dim(`  ${line}`));
  }

  say(text: string): void {
    for (const line of text.split('\n')) this.#screen.write(line);
    this.#draw();
  }

  end(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#shown.clear();
    this.#screen.live([]);
  }

  #writeDone(shown: Shown): void {
    const { steps } = shown.progress;
    for (let step = steps[shown.done]; step && step.status !== 'active'; step = steps[shown.done]) {
      this.#screen.write(doneLine(step, this.#nameOf(shown), this.#ink));
      shown.done += 1;
    }
  }

  #writePlain(shown: Shown): void {
    const active = activeOf(shown.progress);
    if (!active?.slow || active.slow.message === shown.slow) return;
    shown.slow = active.slow.message;
    for (const line of plainLines(active, this.#nameOf(shown), this.#ink)) this.#screen.write(line);
  }

  /** Several VMs at once are told apart by their names. */
  #nameOf({ progress }: Shown): string {
    const vms = [...this.#shown.values()].filter((each) => each.progress.work !== 'image');
    return vms.length > 1 && progress.work !== 'image' ? progress.subject : '';
  }

  #draw(): void {
    this.#clock.clearTimeout(this.#timer);
    const all = [...this.#shown.values()];
    if (this.#screen.isLive) {
      const lines = all.flatMap((shown) => {
        const active = activeOf(shown.progress);
        if (!active || active.name === 'healthy') return [];
        return liveLines(this.#aged(active), this.#nameOf(shown), { ink: this.#ink, frame: this.#frame });
      });
      this.#screen.live(lines);
      this.#frame += 1;
    } else all.forEach((shown) => this.#writeStart(shown));
    if (all.length > 0) this.#timer = this.#clock.setTimeout(() => this.#draw(), TICK_MS);
  }

  #writeStart(shown: Shown): void {
    const active = activeOf(shown.progress);
    if (!active || active.name === 'healthy' || shown.started > shown.done) return;
    if (this.#aged(active).ms < LONG_STEP_MS) return;
    shown.started = shown.done + 1;
    this.#screen.write(startLine(active, this.#nameOf(shown), this.#ink));
  }

  #aged(step: ProgressStep): ProgressStep {
    return { ...step, ms: this.#clock.now() - step.startedAt };
  }
}

function activeOf({ steps }: Progress): ProgressStep | undefined {
  const last = steps.at(-1);
  return last?.status === 'active' ? last : undefined;
}
