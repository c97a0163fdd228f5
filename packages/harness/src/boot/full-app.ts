import { createApp, type HarnessApp } from '../app.ts';
import { claudeEngine } from '../engine/claude/claude-engine.ts';
import { gitAgentProtocolLoader } from '../identity/gitagentprotocol.ts';
import type { Log, Secrets } from '../log.ts';

/** What this harness can run, and from what. */
export const abilities = { engines: [claudeEngine()], loaders: [gitAgentProtocolLoader()] } as const;

/** What a harness is given to serve one owner. Secret. */
export interface Ownership {
  readonly token?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** How many sessions there are at most. @defaultValue the app's own bound */
  readonly maxSessions?: number | undefined;
}

/** Makes this process the harness of one owner. Neither the ownership's secrets nor a later token are in its log. */
export function fullApp(ownership: Ownership, log: Log, secrets: Secrets): HarnessApp {
  const { token, env, maxSessions } = ownership;
  secrets.add(secretsOf(ownership));
  Object.assign(process.env, env);
  const onToken = (next: string): void => secrets.add([next]);
  const limits = { cancelMs: 2_000 };
  return createApp({ ...abilities, token, onToken, engineEnv: env, maxSessions, limits, log });
}

/** The values of an ownership that no log may show. */
function secretsOf({ token, env }: Ownership): string[] {
  return [...Object.values(env), ...(token === undefined ? [] : [token])];
}
