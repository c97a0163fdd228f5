import type { CreateSessionInput } from '@computeragent/protocol';
import { environment, type ComputerAgentOptions } from './options.ts';
import { resolveSource } from './source/source.ts';
import { isHostStore } from './store/host-store.ts';

const DEFAULT_LOADER = 'gitagentprotocol';

/** The body that creates the session. Never holds messages: every turn goes its own way. */
export async function createBody(
  options: ComputerAgentOptions,
  sessionId: string | undefined,
): Promise<CreateSessionInput> {
  const { sessionStore, identityLoader = DEFAULT_LOADER } = options;
  const { source, attachments } = await resolveSource(options.source, {
    maxBytes: options.maxSourceBytes,
    needsManifest: identityLoader === DEFAULT_LOADER,
  });
  // The caller's own come last: they win.
  const attached = [...attachments, ...(options.attachments ?? [])];
  const engineOptions = engineOptionsOf(options);
  const envs = environment(options);
  return {
    engine: options.harness,
    identity: { loader: identityLoader, source },
    streamingInput: true,
    ...(Object.keys(envs).length === 0 ? {} : { envs }),
    ...(Object.keys(engineOptions).length === 0 ? {} : { options: engineOptions }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(sessionStore === undefined
      ? {}
      : { sessionStore: isHostStore(sessionStore) ? { kind: 'host' } : { ...sessionStore } }),
    ...(attached.length === 0 ? {} : { attachments: attached }),
    ...(options.policy === undefined ? {} : { policy: options.policy }),
  };
}

function engineOptionsOf({ options, model, temperature }: ComputerAgentOptions): Record<string, unknown> {
  return {
    ...options,
    ...(model === undefined ? {} : { model }),
    ...(temperature === undefined ? {} : { temperature }),
  };
}
