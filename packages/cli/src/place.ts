import { LocalSubstrate } from '@computeragent/runtime-local';
import type { Substrate } from '@computeragent/sdk';
import { type Flags, oneOf } from './flags.ts';
import { CliError, type Io, UsageError } from './io.ts';
import { readToken, withToken } from './token.ts';

const DEFAULT_URL = 'http://127.0.0.1:7700';

/** Where the harness is, or will be. */
export type Place = Running | Booted;

/** A harness that runs already. */
interface Running {
  readonly kind: 'running';
  /** May carry the token. Secret. */
  readonly url: string;
}

/** A harness of our own. */
interface Booted {
  readonly kind: 'local' | 'vzvm';
  readonly substrate: Substrate & AsyncDisposable;
}

/** Ends what a place has made, and waits for it. */
export async function leave(place: Place): Promise<void> {
  if (place.kind !== 'running') await place.substrate[Symbol.asyncDispose]();
}

/** @throws UsageError for flags that contradict each other. */
export async function placeOf(flags: Flags, io: Io, given?: string): Promise<Place> {
  const { runtime, 'token-stdin': tokenFromStdin } = flags;
  const url = given ?? flags['harness-url'];
  if (runtime !== undefined) {
    if (url !== undefined || tokenFromStdin)
      throw new UsageError('--runtime starts a harness of its own: give no URL or token');
    return boot(oneOf('runtime', runtime, ['local', 'vzvm']), flags, io);
  }
  if (flags.base !== undefined) throw new UsageError('--base needs --runtime vzvm');
  const base = url ?? io.env['COMPUTERAGENT_HARNESS_URL'] ?? DEFAULT_URL;
  if (!/^https?:/.test(base) || !URL.canParse(base))
    throw new UsageError('the harness’s URL must be http://HOST:PORT');
  return {
    kind: 'running',
    url: tokenFromStdin ? withToken(base, await readToken(io.stdin, io.signal)) : base,
  };
}

async function boot(kind: 'local' | 'vzvm', { base }: Flags, { log, env }: Io): Promise<Booted> {
  if (kind === 'vzvm') return { kind, substrate: await vzvm(base, env) };
  if (base !== undefined) throw new UsageError('--base needs --runtime vzvm');
  return { kind, substrate: new LocalSubstrate({ onLog: log }) };
}

/** Loaded when it is wanted: most who have this command have no use for VMs. */
async function vzvm(base: string | undefined, env: Io['env']): Promise<Substrate & AsyncDisposable> {
  const { createTerminalProgress, VZVMSubstrate } = await import('@computeragent/runtime-vzvm').catch(
    (cause: unknown) => {
      throw new CliError(
        '@computeragent/runtime-vzvm cannot be loaded',
        'npm install @computeragent/runtime-vzvm',
        {
          cause,
        },
      );
    },
  );
  const progress = createTerminalProgress({ env });
  const substrate = new VZVMSubstrate({
    onProgress: progress.update,
    onLog: progress.log,
    ...(base === undefined ? {} : { baseImage: base }),
  });
  return {
    bootHarness: (options) => substrate.bootHarness(options),
    [Symbol.asyncDispose]: () => substrate.dispose().finally(progress.end),
  };
}
