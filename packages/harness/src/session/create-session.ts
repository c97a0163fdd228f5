import type { Attachment, CreateSessionBody, CreateSessionResponse } from '@computeragent/protocol';
import type { Engine } from '../engine/engine.ts';
import { writeText } from '../fs/write.ts';
import type { Harness } from '../http/deps.ts';
import type { IdentityLoader, LoadedIdentity } from '../identity/loader.ts';
import { redacted, redaction } from '../log.ts';
import { type OpenStore, scopeOf, type StoreKind } from '../store/store.ts';
import type { SessionLimits } from './init.ts';
import { pick } from './pick.ts';
import { Session } from './session.ts';
import { sessionIdFrom } from './session-id.ts';
import { srsPolicy } from './srs-policy.ts';
import { disposeSession, makeWorkdir, removeWorkdir } from './workdir.ts';

const LIMITS: SessionLimits = { permissionMs: 60 * 60_000, unattendedMs: 10 * 60_000, cancelMs: 8_000 };

/** Who wants a session. */
export interface Requester {
  /** Aborted when whoever asked has gone. */
  readonly signal: AbortSignal;
  readonly principal: string | undefined;
}

/** Makes a session from a request, with its files in place. The engine starts with the first reader. */
export async function createSession(
  harness: Harness,
  body: CreateSessionBody,
  requester: Requester,
): Promise<Session> {
  const plan = planOf(harness, body, requester);
  // The request may have been read when the harness was closed already: nobody would remove what is made now.
  plan.signal.throwIfAborted();
  using _reserved = harness.sessions.reserve(plan.id);
  // An ended session of this id gives way: with a store, the new one goes on where it was.
  const previous = harness.sessions.take(plan.id);
  if (previous) await disposeSession(previous);
  const workdir = await makeWorkdir(harness.workdirBase, plan.id, { stable: plan.storeKind !== undefined });
  try {
    const session = await build(harness, plan, workdir);
    const { engine, identity } = session.init;
    const { warnings } = identity;
    harness.log('session.create', { sessionId: plan.id, engine: engine.name, warnings });
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
  const { warnings } = session.init.identity;
  return {
    sessionId,
    engine,
    identity,
    capabilities,
    eventsUrl: `/v1/sessions/${sessionId}/events`,
    idempotentMessages: true,
    ...(warnings.length > 0 ? { warnings: [...warnings] } : {}),
  };
}

/** What can be said of a session before anything is made. */
interface Plan {
  readonly id: string;
  readonly body: CreateSessionBody;
  readonly principal: string | undefined;
  readonly signal: AbortSignal;
  /** Secret. */
  readonly env: Readonly<Record<string, string>>;
  readonly engine: Engine;
  readonly loader: IdentityLoader;
  readonly storeKind: StoreKind | undefined;
}

function planOf(harness: Harness, body: CreateSessionBody, { signal, principal }: Requester): Plan {
  const { engines, loaders, stores, closing } = harness;
  return {
    id: sessionIdFrom(body.sessionId),
    body,
    principal,
    signal: AbortSignal.any([signal, closing]),
    env: { ...harness.engineEnv, ...body.envs },
    engine: pick(engines, body.engine, 'engine', 'UNKNOWN_ENGINE'),
    loader: pick(loaders, body.identity.loader, 'loader', 'UNKNOWN_LOADER'),
    storeKind: body.sessionStore && pick(stores, body.sessionStore.kind, 'store', 'UNKNOWN_STORE'),
  };
}

/** Without a wait between the last look at the signal and the registry: a harness that closes ends what is there. */
async function build(harness: Harness, plan: Plan, workdir: string): Promise<Session> {
  const { body, loader, signal } = plan;
  const { attachments = [] } = body;
  const { source } = body.identity;
  // What came with its permission bits is part of the folder that the identity was: its loader looks at all of it.
  if (source.type === 'inline') await writeAttachments(workdir, attachments.filter(hasMode));
  const identity = await loader.load(source, workdir, signal, plan.env);
  await writeAttachments(workdir, attachments);
  signal.throwIfAborted();
  const store = await opened(plan);
  try {
    // A client that left while its repository was cloned will never come for the session.
    signal.throwIfAborted();
    const session = assemble(harness, plan, { workdir, identity, store });
    for (const message of body.messages ?? []) session.send(message);
    harness.sessions.add(session);
    return session;
  } catch (error) {
    store?.close?.();
    throw error;
  }
}

async function opened({ id, principal, body, storeKind }: Plan): Promise<OpenStore | undefined> {
  const options = body.sessionStore?.options;
  return storeKind?.open({ sessionId: id, scope: scopeOf(principal, id), options });
}

interface Made {
  readonly workdir: string;
  readonly identity: LoadedIdentity;
  readonly store: OpenStore | undefined;
}

function assemble(harness: Harness, plan: Plan, made: Made): Session {
  const { id, body, env, principal, engine } = plan;
  const { policy } = body;
  const redact = redaction([...Object.values(env), ...(policy ? [policy.apiKey] : [])]);
  const log = redacted(harness.log, redact);
  const agent = made.identity.name;
  return new Session({
    id,
    principal,
    engine,
    ...made,
    env,
    options: { ...made.identity.options, ...body.options },
    streamingInput: body.streamingInput ?? false,
    limits: { ...LIMITS, ...harness.limits },
    validateStoreEntries: harness.validateStoreEntries ?? false,
    policy: policy && srsPolicy({ policy, sessionId: id, agent, log }),
    audit: harness.auditSink,
    log,
    redact,
  });
}

async function writeAttachments(workdir: string, attachments: readonly Attachment[]): Promise<void> {
  for (const { path, content, encoding, mode } of attachments) {
    await writeText(workdir, path, Buffer.from(content, encoding ?? 'utf8'), mode);
  }
}

const hasMode = ({ mode }: Attachment): boolean => mode !== undefined;
