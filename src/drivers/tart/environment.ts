import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { currentTraceparent } from '../trace-context.ts';
import { withHomebrew } from '../program-folders.ts';

/** What `tart` is to have in its environment, and, where undefined, what it is not to have. */
export type TartEnvironment = Readonly<Record<string, string | undefined>>;

const CREDENTIALS = ['TART_REGISTRY_USERNAME', 'TART_REGISTRY_PASSWORD'];
/** Only these talk to a registry. */
const REGISTRY_VERBS = new Set(['pull', 'clone']);
/** These make Tart send its command lines to whoever collects traces. */
const TRACES = /^(TRACEPARENT|CIRRUS_SENTRY_TAGS|SENTRY_.*|OTEL_.*)$/;

/** Tart's folder: as given, else as the environment says, else its own default. */
export function tartHome(home?: string, env: NodeJS.ProcessEnv = process.env): string {
  return home ?? (env['TART_HOME'] || join(homedir(), '.tart'));
}

/** Whether credentials are there that would go to any registry that asks: those are given to none. */
export function hasUnboundCredentials(env: NodeJS.ProcessEnv = process.env): boolean {
  return CREDENTIALS.every((name) => env[name]) && !env['TART_REGISTRY_HOSTNAME'];
}

/**
 * Quiet and without surprises: no updates of the terminal, no pruning of what others cached, no traces of its own. It is told
 * which span of this program it belongs to, but not where spans go.
 */
export function environmentOf(
  verb: string,
  home: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): TartEnvironment {
  const mayLogIn = REGISTRY_VERBS.has(verb) && !hasUnboundCredentials(env);
  const kept = mayLogIn ? [] : CREDENTIALS;
  const removed = [...kept, ...Object.keys(env).filter((name) => TRACES.test(name))];
  const traceparent = currentTraceparent();
  return {
    ...Object.fromEntries(removed.map((name) => [name, undefined])),
    ...(traceparent === undefined ? {} : { TRACEPARENT: traceparent }),
    CI: '1',
    TART_NO_AUTO_PRUNE: '1',
    PATH: withHomebrew(env['PATH'] ?? '').join(delimiter),
    ...(home === undefined ? {} : { TART_HOME: home }),
  };
}
