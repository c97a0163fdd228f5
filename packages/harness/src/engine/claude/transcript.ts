import type { Options, SessionKey, SessionStore, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import type { EngineRun, TranscriptStore } from '../engine.ts';
import { configFolder, removeLocalTranscript } from './local-transcript.ts';
import { uuidV5 } from './uuid-v5.ts';

/** Makes a session's id one of the engine's. Part of the protocol: other harnesses have to find the same one. */
const NAMESPACE = 'f8d9cb1a-3e7e-4d8d-9aa4-1d3f8d7b6c2e';
const PROJECT = 'computeragent';

/**
 * What lets the engine go on with a conversation that the store knows, or begin one that the store will know. Its
 * entries may be under the session's own id or under the engine's: harnesses have done either.
 */
export async function transcriptOptions({ store, sessionId }: EngineRun): Promise<Partial<Options>> {
  if (!store) return {};
  const engineId = uuidV5(sessionId, NAMESPACE);
  for (const storedId of [sessionId, engineId]) {
    const entries = await store.load({ projectKey: PROJECT, sessionId: storedId });
    if (entries && entries.length > 0)
      return { resume: engineId, sessionStore: sessionStore(store, engineId, storedId) };
  }
  return { sessionId: engineId, sessionStore: sessionStore(store, engineId, engineId) };
}

/**
 * Where there is a store, what the engine's program writes beside it is a copy that nobody reads again, and an old one
 * would keep it from beginning a conversation anew. Removed now, and when disposed of.
 */
export async function ownTranscript(options: Options): Promise<AsyncDisposable> {
  const id = options.sessionStore && (options.resume ?? options.sessionId);
  const clear = async (): Promise<void> => {
    if (id !== undefined) await removeLocalTranscript(configFolder(options.env ?? {}), id);
  };
  await clear();
  return { [Symbol.asyncDispose]: clear };
}

/** The store as the SDK knows it. The project is the protocol's: the SDK's own changes with the working directory. */
function sessionStore(store: TranscriptStore, engineId: string, storedId: string): SessionStore {
  const keyOf = <T extends Pick<SessionKey, 'projectKey' | 'sessionId'>>(key: T): T => ({
    ...key,
    projectKey: PROJECT,
    sessionId: key.sessionId === engineId ? storedId : key.sessionId,
  });
  return {
    append: (key, entries) => store.append(keyOf(key), entries),
    // Given back as they were given: what came from the SDK has what the SDK wants.
    load: (key) => store.load(keyOf(key)) as Promise<SessionStoreEntry[] | null>,
    listSubkeys: (key) => store.listSubkeys(keyOf(key)),
  };
}
