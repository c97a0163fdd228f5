import * as z from 'zod';
import { HarnessError } from '../errors.ts';
import type { AgentFiles } from './agent-files.ts';
import type { AgentHook, Script } from './parts.ts';
import { scriptCommand, timeoutOf } from './scripts.ts';

/** Events of the published form, and what the engine calls them. */
const EVENTS: Readonly<Record<string, readonly string[]>> = {
  on_session_start: ['SessionStart'],
  pre_query: ['UserPromptSubmit'],
  pre_tool_use: ['PreToolUse'],
  post_tool_use: ['PostToolUse'],
  pre_response: ['Stop'],
  post_response: ['Stop'],
  on_error: ['PostToolUseFailure', 'StopFailure'],
  on_session_end: ['SessionEnd'],
};

/** The engine's own events that a hook may name. */
const ENGINE_EVENTS = new Set([
  ...Object.values(EVENTS).flat(),
  'PostToolBatch',
  'Notification',
  'SubagentStart',
  'SubagentStop',
  'PreCompact',
  'PostCompact',
  'PermissionRequest',
  'PermissionDenied',
]);

const entry = z.union([
  z.looseObject({
    command: z.string().min(1),
    matcher: z.string().optional(),
    timeout_ms: z.int().positive().optional(),
    compliance: z.boolean().optional(),
  }),
  z.looseObject({
    script: z.string().min(1),
    matcher: z.string().optional(),
    timeout: z.number().positive().optional(),
    compliance: z.boolean().optional(),
  }),
]);
type Entry = z.infer<typeof entry>;

const events = z.record(z.string(), z.array(entry).nullable());
const hooksFile = z.union([z.strictObject({ hooks: events.nullable() }), events]);

/**
 * Reads `hooks/hooks.yaml`, in either form. Unlike a tool, a hook that cannot be run is no small loss: it may be what
 * holds the agent back. Such a file is refused, and the session with it.
 * @throws HarnessError VALIDATION naming what is wrong.
 */
export async function readHooks(files: AgentFiles): Promise<AgentHook[]> {
  for (const path of ['hooks/hooks.yaml', 'hooks/hooks.yml']) {
    const value = await files.yaml(path);
    if (value === undefined || value === null) continue;
    const result = hooksFile.safeParse(value);
    if (!result.success) throw refused(path, z.prettifyError(result.error));
    const declared = isWrapped(result.data) ? (result.data.hooks ?? {}) : result.data;
    return hooksOf(files, path, declared as z.infer<typeof events>);
  }
  return [];
}

function isWrapped(data: z.infer<typeof hooksFile>): data is { hooks: z.infer<typeof events> | null } {
  return 'hooks' in data && !Array.isArray(data['hooks']);
}

async function hooksOf(
  files: AgentFiles,
  path: string,
  declared: z.infer<typeof events>,
): Promise<AgentHook[]> {
  const hooks: AgentHook[] = [];
  for (const [name, entries] of Object.entries(declared)) {
    const mapped = EVENTS[name] ?? (ENGINE_EVENTS.has(name) ? [name] : []);
    for (const one of entries ?? []) {
      const run = await scriptOf(files, path, one);
      rejectBadMatcher(path, one.matcher);
      if (mapped.length === 0) unknownEvent(files, path, name, one);
      for (const event of mapped) hooks.push({ event, declared: name, matcher: one.matcher, ...run });
    }
  }
  return hooks;
}

async function scriptOf(
  files: AgentFiles,
  path: string,
  one: Entry,
): Promise<{ protocol: AgentHook['protocol']; script: Script }> {
  if (isCommand(one)) {
    const script = { command: 'sh', args: ['-c', one.command], cwd: '.', env: {} };
    return { protocol: 'claude', script: { ...script, timeoutMs: timeoutOf(one.timeout_ms) } };
  }
  const start = await scriptCommand(files, one.script, ['hooks', '.']);
  if (!start) throw refused(path, `there is no script ${one.script}`);
  const [command, ...args] = start;
  const timeoutMs = timeoutOf(one.timeout === undefined ? undefined : one.timeout * 1000);
  return { protocol: 'gap', script: { command, args, cwd: '.', env: {}, timeoutMs } };
}

type CommandEntry = Extract<Entry, { command: string }>;
const isCommand = (one: Entry): one is CommandEntry => typeof one['command'] === 'string';

/** A guard on an event that never comes guards nothing. */
function unknownEvent(files: AgentFiles, path: string, name: string, { compliance }: Entry): void {
  if (compliance === true) throw refused(path, `there is no event ${name} to hold a compliance hook to`);
  files.warn(path, `there is no event ${name}: its hooks do not run`);
}

function rejectBadMatcher(path: string, matcher: string | undefined): void {
  try {
    if (matcher !== undefined && matcher !== '*') new RegExp(matcher);
  } catch {
    throw refused(path, `the matcher ${matcher} is no regular expression`);
  }
}

function refused(path: string, why: string): HarnessError {
  return new HarnessError('VALIDATION', 400, `${path}: ${why}`);
}
