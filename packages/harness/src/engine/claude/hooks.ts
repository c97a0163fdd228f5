import type {
  HookCallbackMatcher,
  HookEvent,
  Options,
  SyncHookJSONOutput,
} from '@anthropic-ai/claude-agent-sdk';
import type { AgentHook } from '../../identity/parts.ts';
import type { EngineRun } from '../engine.ts';
import { isGuard } from './hook-output.ts';
import { preToolUse } from './pre-tool-use.ts';
import { runHook } from './run-hook.ts';
import type { Supervision } from './supervision.ts';

/** A person may take as long as the session lets them; this is beyond that. Seconds. */
const PERSON_SECONDS = 24 * 60 * 60;
/** A hook's own deadline comes first. Seconds. */
const MARGIN_SECONDS = 10;

/** The identity's hooks and the guard of supervision, as the SDK takes them. */
export function claudeHooks(run: EngineRun, supervision: Supervision): NonNullable<Options['hooks']> {
  const all = run.identity?.hooks ?? [];
  const before = all.filter(({ event }) => event === 'PreToolUse');
  const hooks: Partial<Record<HookEvent, HookCallbackMatcher[]>> = {
    PreToolUse: [
      {
        hooks: [preToolUse(run, before, supervision)],
        timeout: PERSON_SECONDS,
        onFailure: 'block',
      },
    ],
  };
  for (const hook of all.filter(({ event }) => event !== 'PreToolUse')) {
    const event = hook.event as HookEvent;
    (hooks[event] ??= []).push(matcherOf(run, hook));
  }
  return hooks;
}

function matcherOf(run: EngineRun, hook: AgentHook): HookCallbackMatcher {
  return {
    ...(hook.matcher === undefined ? {} : { matcher: hook.matcher }),
    hooks: [
      async (input, _id, { signal }) => {
        const output = await runHook(run, hook, input, signal);
        return run.humanInTheLoop === 'none' ? output : withoutConsent(output);
      },
    ],
    timeout: Math.ceil(hook.script.timeoutMs / 1000) + MARGIN_SECONDS,
    ...(isGuard(hook.event) ? { onFailure: 'block' } : {}),
  };
}

/** Where a person decides, a hook may refuse, but not agree. */
function withoutConsent(output: SyncHookJSONOutput): SyncHookJSONOutput {
  const { hookSpecificOutput: said, ...rest } = output;
  const agrees = said?.hookEventName === 'PermissionRequest' && said.decision.behavior === 'allow';
  return agrees ? rest : output;
}
