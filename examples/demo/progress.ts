import type { HarnessEvent } from '@computeragent/sdk';
import { VzvmError, type TimelineEntry, type VmHandle } from '@computeragent/runtime-vzvm';

/** Tells people what happens, on standard error: a live list on a terminal, plain lines elsewhere. */
export interface Progress {
  say(line: string): void;
  /** Shown on request only. */
  detail(line: string): void;
  follow(vm: VmHandle): void;
  event(event: HarnessEvent): void;
  fail(error: unknown): void;
  end(): void;
}

const TICK_MS = 500;

export function createProgress(options: { readonly verbose: boolean }): Progress {
  const out = process.stderr;
  const live = out.isTTY === true && !options.verbose;
  let vm: VmHandle | undefined;
  let printed = 0;
  let ticker: NodeJS.Timeout | undefined;

  const clear = () => void (live && out.write('\r\u001b[K'));
  const printDone = () => {
    const entries = vm?.timeline ?? [];
    clear();
    while (printed < entries.length && entries[printed]?.ms !== undefined) {
      out.write(`${stepLine(entries[printed] as TimelineEntry)}\n`);
      printed += 1;
    }
  };
  const tick = () => {
    printDone();
    const current = vm?.timeline.at(-1);
    if (live && current && current.ms === undefined)
      out.write(`  … ${label(current)} ${seconds(Date.now() - current.startedAt)}`);
  };
  const say = (line: string) => {
    clear();
    out.write(`${line}\n`);
  };

  return {
    say,
    detail: (line) => (options.verbose || /image|build|bootstrap/i.test(line) ? say(`  ${line}`) : undefined),
    follow(handle) {
      vm = handle;
      say(
        `VM ${handle.name} (${handle.driver}${handle.accelerator ? `, ${handle.accelerator}` : ''}) from ${handle.image.ref}`,
      );
      handle.on(() => tick());
      if (live) ticker = setInterval(tick, TICK_MS).unref();
    },
    event: (event) => {
      const line = eventLine(event);
      if (line !== undefined) say(line);
    },
    fail: (error) => say(errorText(error)),
    end() {
      clearInterval(ticker);
      printDone();
    },
  };
}

function stepLine(entry: TimelineEntry): string {
  return `  ✓ ${label(entry)} ${entry.skipped ? 'skipped' : seconds(entry.ms ?? 0)}`;
}

function label(entry: TimelineEntry): string {
  const tries = entry.attempts > 1 && entry.state !== 'ssh-connect' ? ` (${entry.attempts} attempts)` : '';
  return `${entry.state}${tries}`.padEnd(14);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function eventLine(event: HarnessEvent): string | undefined {
  if (event.kind !== 'sdk_message')
    return event.kind === 'ca_permission_request' ? `agent asks: ${event.toolName}` : undefined;
  const payload = event.payload as { type?: string; message?: { content?: unknown } } | null;
  if (payload?.type !== 'assistant' || !Array.isArray(payload.message?.content)) return undefined;
  const parts = payload.message.content as { type: string; text?: string; name?: string }[];
  const texts = parts.map((part) => (part.type === 'text' ? part.text : `[${part.name ?? part.type}]`));
  return `agent: ${texts.join(' ')}`;
}

function errorText(error: unknown): string {
  if (!(error instanceof VzvmError))
    return `failed: ${error instanceof Error ? error.message : String(error)}`;
  if (error.code === 'ABORTED') return 'cancelled; the VM is gone';
  return `failed: ${error.code}: ${error.message}${error.hint === undefined ? '' : `\n  → ${error.hint}`}`;
}
