import { createApp, type HarnessApp } from '../app.ts';
import { claudeEngine } from '../engine/claude/claude-engine.ts';
import { gitAgentProtocolLoader } from '../identity/gitagentprotocol.ts';
import type { Log } from '../log.ts';

/** What this harness can run, and from what. */
export const abilities = { engines: [claudeEngine()], loaders: [gitAgentProtocolLoader()] } as const;

/** What a harness is given to serve one owner. Secret. */
export interface Ownership {
  readonly token?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
}

/** Makes this process the harness of one owner. */
export function fullApp({ token, env }: Ownership, log: Log): HarnessApp {
  Object.assign(process.env, env);
  return createApp({ ...abilities, token, engineEnv: env, limits: { cancelMs: 2_000 }, log });
}

/** The values of an ownership that no log may show. */
export function secretsOf({ token, env }: Ownership): string[] {
  return [...Object.values(env), ...(token === undefined ? [] : [token])];
}
