import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import type { Decide, PermissionDecision, ToolCallContext } from '../permission.ts';
import { printable } from './printable.ts';
import { rewriteInput } from './rewrite.ts';

/** How dangerous a call looks, from least to most. */
const RISKS = ['low', 'medium', 'high', 'destructive'] as const;

/** Options of {@link ttyApproval}. */
export interface TtyApprovalOptions {
  /**
   * Calls below this risk are allowed without a question; "none" asks always, and so does a call of unknown risk.
   * @defaultValue "destructive", but what the agent's identity leaves to a person is asked whatever its risk
   */
  readonly riskGate?: (typeof RISKS)[number] | 'none';
  /** The answer where nobody answers: input that ends, or is no terminal's. @defaultValue "deny" */
  readonly defaultDecision?: 'allow' | 'deny';
  /** @defaultValue process.stdin */
  readonly stdin?: Readable;
  /** @defaultValue process.stdout */
  readonly stdout?: Writable;
  /** Lets a change be asked for in plain English, which a model turns into the new input. Without: JSON is typed. */
  readonly anthropicApiKey?: string;
  /** @defaultValue "claude-haiku-4-5" */
  readonly modifyModel?: string;
  /** @defaultValue `ANTHROPIC_BASE_URL`, or "https://api.anthropic.com" */
  readonly anthropicBaseUrl?: string;
}

/** An `onToolCall` that asks on the terminal: allow, deny or modify. One question at a time. */
export function ttyApproval(options: TtyApprovalOptions = {}): Decide {
  let before: Promise<unknown> = Promise.resolve();
  return (call) => {
    if (!isAsked(call, options)) return { decision: 'allow' };
    // Agents may share a terminal: their questions must not mix.
    const answer = before.then(() => ask(call, options));
    before = answer.catch(() => undefined);
    return answer;
  };
}

function isAsked({ risk, requiresHuman }: ToolCallContext, { riskGate }: TtyApprovalOptions): boolean {
  if (riskGate === undefined && requiresHuman === true) return true;
  const gate = riskGate ?? 'destructive';
  return gate === 'none' || risk === undefined || RISKS.indexOf(risk) >= RISKS.indexOf(gate);
}

async function ask(call: ToolCallContext, options: TtyApprovalOptions): Promise<PermissionDecision> {
  call.signal.throwIfAborted();
  const { stdin = process.stdin, stdout = process.stdout } = options;
  await using terminal = new Terminal(stdin, stdout, call.signal);
  terminal.say(`\n${printable(call.toolName)} (risk: ${call.risk ?? 'unknown'}) wants to run with:`);
  terminal.say(printable(JSON.stringify(call.input, undefined, 2) ?? 'nothing'));
  for (;;) {
    const key = (await terminal.ask('[a]llow, [d]eny or [m]odify? '))?.trim().toLowerCase();
    if (key === undefined) return unanswered(options);
    if (key === 'a' || key === 'allow') return { decision: 'allow' };
    if (key === 'd' || key === 'deny') return deny(await terminal.ask('why (may be empty)? '));
    if (key === 'm' || key === 'modify') {
      const modified = await modify(call, terminal, options);
      if (modified) return modified;
    }
  }
}

function unanswered({ defaultDecision = 'deny' }: TtyApprovalOptions): PermissionDecision {
  if (defaultDecision === 'allow') return { decision: 'allow' };
  return { decision: 'deny', reason: 'nobody was there to answer' };
}

const deny = (reason: string | undefined): PermissionDecision => {
  const said = reason?.trim();
  return { decision: 'deny', ...(said ? { reason: said } : {}) };
};

/** The new input, shown before it counts; undefined where there is none, and the question is asked again. */
async function modify(
  call: ToolCallContext,
  terminal: Terminal,
  options: TtyApprovalOptions,
): Promise<PermissionDecision | undefined> {
  const { anthropicApiKey } = options;
  const wish = await terminal.ask(
    anthropicApiKey ? 'what should be different? ' : 'the new input, as JSON: ',
  );
  if (!wish?.trim()) return undefined;
  try {
    if (!anthropicApiKey) return { decision: 'modify', input: JSON.parse(wish) as unknown };
    const input = await rewriteInput(call, wish, { ...options, anthropicApiKey });
    terminal.say(printable(JSON.stringify(input, undefined, 2)));
    const yes = await terminal.ask('run with this? [y/N] ');
    return /^y(?:es)?$/i.test(yes?.trim() ?? '') ? { decision: 'modify', input } : undefined;
  } catch (error) {
    call.signal.throwIfAborted();
    terminal.say(`that did not work: ${printable(error instanceof Error ? error.message : String(error))}`);
    return undefined;
  }
}

/** Lines from one stream, questions to the other. */
class Terminal implements AsyncDisposable {
  readonly #lines: ReturnType<typeof createInterface>;
  readonly #stdout: Writable;
  readonly #signal: AbortSignal;
  readonly #closed: Promise<undefined>;

  constructor(stdin: Readable, stdout: Writable, signal: AbortSignal) {
    this.#lines = createInterface({ input: stdin, output: stdout });
    this.#stdout = stdout;
    this.#signal = signal;
    this.#closed = new Promise((resolve) => {
      this.#lines.once('close', () => resolve(undefined));
    });
  }

  say(text: string): void {
    this.#stdout.write(`${text}\n`);
  }

  /** Undefined when nobody will answer any more. */
  ask(question: string): Promise<string | undefined> {
    return Promise.race([this.#lines.question(question, { signal: this.#signal }), this.#closed]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lines.close();
    await this.#closed;
  }
}
