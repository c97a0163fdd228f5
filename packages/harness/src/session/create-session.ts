import type {
  Attachment,
  CreateSessionBody,
  CreateSessionResponse,
  WireErrorCode,
} from '@computeragent/protocol';
import { HarnessError } from '../errors.ts';
import { writeText } from '../fs/write.ts';
import type { Harness } from '../http/deps.ts';
import type { LoadedIdentity } from '../identity/loader.ts';
import { redacted, redaction } from '../log.ts';
import { Session, type SessionLimits } from './session.ts';
import { sessionIdFrom } from './session-id.ts';
import { disposeSession, makeWorkdir, removeWorkdir } from './workdir.ts';

const LIMITS: SessionLimits = { permissionMs: 60 * 60_000, cancelMs: 8_000 };

/** Makes a session from a request, with its files in place. The engine starts with the first reader. */
export async function createSession(
  harness: Harness,
  body: CreateSessionBody,
  request: AbortSignal,
): Promise<Session> {
  const signal = AbortSignal.any([request, harness.closing]);
  const engine = pick(harness.engines, body.engine, 'engine', 'UNKNOWN_ENGINE');
  const loader = pick(harness.loaders, body.identity.loader, 'loader', 'UNKNOWN_LOADER');
  rejectUnsupported(body);
  const id = sessionIdFrom(body.sessionId);
  using _reserved = harness.sessions.reserve(id);
  const workdir = await makeWorkdir(harness.workdirBase, id);
  try {
    const { attachments = [] } = body;
    const { source } = body.identity;
    // What came with its permission bits is part of the folder that the identity was: its loader looks at all of it.
    if (source.type === 'inline') await writeAttachments(workdir, attachments.filter(hasMode));
    const identity = await loader.load(source, workdir, signal, { ...harness.engineEnv, ...body.envs });
    await writeAttachments(workdir, attachments);
    // A client that left while its repository was cloned will never come for the session.
    signal.throwIfAborted();
    const session = assemble({ harness, engine, body, id, workdir, identity });
    for (const message of body.messages ?? []) session.send(message);
    const previous = harness.sessions.add(session);
    if (previous) await disposeSession(previous);
    harness.log('session.create', { sessionId: id, engine: engine.name, warnings: identity.warnings });
    return session;
  } catch (error) {
    await removeWorkdir(workdir);
    throw error;
  }
}

/** The answer to a request that made a session. */
export function describeSession(session: Session): CreateSessionResponse {
  const { sessionId, engine, identity } = session.info;
  const { capabilities } = session.init.engine;
  return { sessionId, engine, identity, capabilities, eventsUrl: `/v1/sessions/${sessionId}/events` };
}

interface Parts {
  readonly harness: Harness;
  readonly engine: Harness['engines'][number];
  readonly body: CreateSessionBody;
  readonly id: string;
  readonly workdir: string;
  readonly identity: LoadedIdentity;
}

function assemble({ harness, engine, body, id, workdir, identity }: Parts): Session {
  const env = { ...harness.engineEnv, ...body.envs };
  const redact = redaction(Object.values(env));
  return new Session({
    id,
    engine,
    identity,
    workdir,
    env,
    options: { ...identity.options, ...body.options },
    streamingInput: body.streamingInput ?? false,
    limits: { ...LIMITS, ...harness.limits },
    log: redacted(harness.log, redact),
    redact,
  });
}

function pick<T extends { readonly name: string }>(
  all: readonly T[],
  name: string,
  noun: string,
  code: WireErrorCode,
): T {
  const found = all.find((item) => item.name === name);
  if (found) return found;
  const available = all.map((item) => item.name);
  throw new HarnessError(code, 400, `unknown ${noun} ${name}`, { details: { available } });
}

/** Said at once: a policy or a store that is silently left out would be a guard or a memory that is not there. */
function rejectUnsupported(body: CreateSessionBody): void {
  if (body.sessionStore) {
    throw new HarnessError('UNKNOWN_STORE', 400, `unknown store ${body.sessionStore.kind}`, {
      details: { available: [] },
    });
  }
  if (body.policy) throw new HarnessError('VALIDATION', 400, 'policy is not supported by this harness');
}

async function writeAttachments(
  workdir: string,
  attachments: NonNullable<CreateSessionBody['attachments']>,
): Promise<void> {
  for (const { path, content, encoding, mode } of attachments) {
    await writeText(workdir, path, Buffer.from(content, encoding ?? 'utf8'), mode);
  }
}

const hasMode = ({ mode }: Attachment): boolean => mode !== undefined;
