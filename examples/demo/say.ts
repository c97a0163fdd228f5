import { VzvmError } from '@computeragent/runtime-vzvm';
import type { HarnessEvent } from '@computeragent/sdk';

/** What the agent does, as a line; undefined where it is not worth one. */
export function eventLine(event: HarnessEvent): string | undefined {
  if (event.kind !== 'sdk_message')
    return event.kind === 'ca_permission_request' ? `agent asks: ${event.toolName}` : undefined;
  const payload = event.payload as { type?: string; message?: { content?: unknown } } | null;
  if (payload?.type !== 'assistant' || !Array.isArray(payload.message?.content)) return undefined;
  const parts = payload.message.content as { type: string; text?: string; name?: string }[];
  const texts = parts.map((part) => (part.type === 'text' ? part.text : `[${part.name ?? part.type}]`));
  return `agent: ${texts.join(' ')}`;
}

/** Why it did not work, and what to do. */
export function errorText(error: unknown): string {
  if (!(error instanceof VzvmError))
    return `failed: ${error instanceof Error ? error.message : String(error)}`;
  if (error.code === 'ABORTED') return 'cancelled; the VM is gone';
  return `failed: ${error.code}: ${error.message}${error.hint === undefined ? '' : `\n  → ${error.hint}`}`;
}
