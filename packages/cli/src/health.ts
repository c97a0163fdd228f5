import { healthResponse, type HealthResponse } from '@computeragent/protocol';
import { atHarness } from './at-harness.ts';
import type { Flags } from './flags.ts';
import { CliError, EXIT, type Io, UsageError } from './io.ts';
import { placeOf } from './place.ts';
import { withoutToken } from './token.ts';

const TIMEOUT_MS = 10_000;

/** Says what a harness is, and what it can run. */
export async function health(words: readonly string[], flags: Flags, io: Io): Promise<number> {
  if (words.length > 0) throw new UsageError('health takes no words');
  const place = await placeOf(flags, io);
  return atHarness(place, { envs: {}, signal: io.signal }, async (url) => {
    const found = await ask(url, io.signal);
    io.out(flags.json ? `${JSON.stringify(found)}\n` : described(withoutToken(url), found));
    return EXIT.done;
  });
}

async function ask(url: string, signal: AbortSignal): Promise<HealthResponse> {
  const shown = withoutToken(url);
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(`${url.replace(/\/+$/, '')}/v1/health`, {
    signal: AbortSignal.any([signal, deadline]),
  }).catch((cause: unknown) => {
    signal.throwIfAborted();
    const why = deadline.aborted ? `does not answer within ${TIMEOUT_MS} ms` : 'cannot be reached';
    throw new CliError(`the harness at ${shown} ${why}`, START, { cause });
  });
  if (response.status === 401)
    throw new CliError(`the harness at ${shown} wants its token`, 'add --token-stdin');
  const result = healthResponse.safeParse(await response.json().catch(() => undefined));
  if (response.ok && result.success) return result.data;
  throw new CliError(
    `what answers at ${shown} is no harness (status ${response.status})`,
    'correct --harness-url',
  );
}

/** What helps where no harness is. */
export const START = 'start one with computeragent-harness, or add --runtime local';

function described(url: string, { version, state, engines, loaders, stores }: HealthResponse): string {
  const able = (name: string): string => {
    const can = Object.entries(engines[name] ?? {}).filter(([, value]) => value);
    return `${name} (${can.map(([ability]) => ability).join(', ') || 'no abilities'})`;
  };
  const lines = [
    `harness ${version} at ${url}${state === undefined ? '' : `: ${state}`}`,
    `engines  ${Object.keys(engines).map(able).join('; ')}`,
    `loaders  ${loaders.join(', ')}`,
    ...(stores ? [`stores   ${stores.join(', ')}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}
