import { type AnyActorLogic, createActor, toPromise } from 'xstate';
import type { ActorDeps, GuestPlan, VmSession } from '../../src/actors/index.ts';
import { createFakeDriver, type FakeDriver, type FakeDriverOptions } from '../../src/drivers/fake/index.ts';
import { createSession } from '../../src/substrate/session.ts';

/** A VM that runs, with what its actors share, and a way to run one of them. */
export interface TestVm extends AsyncDisposable {
  readonly session: VmSession;
  readonly driver: FakeDriver;
  readonly log: readonly string[];
  /** Runs an actor to its end. */
  run(actor: (deps: ActorDeps) => AnyActorLogic): Promise<unknown>;
  /** Releases what the VM holds; answers the problems. */
  release(): Promise<string[]>;
}

export async function startTestVm(
  options: FakeDriverOptions & { readonly plan?: Partial<GuestPlan>; readonly acceptsKey?: boolean } = {},
): Promise<TestVm> {
  const log: string[] = [];
  const driver = createFakeDriver(options);
  const { signal } = new AbortController();
  const base = await driver.resolveImage('fake', { signal, log: () => undefined });
  const plan: GuestPlan = {
    resources: { cpu: 1, memoryMiB: 512 },
    user: 'admin',
    password: 'a-password',
    directory: '/home/admin/harness',
    node: { major: 22, source: 'auto' },
    mounts: [],
    hostPorts: new Map(),
    ...options.plan,
  };
  const session = createSession({
    driver,
    image: { ...base, acceptsKey: options.acceptsKey ?? true },
    plan,
    payload: { files: [], harnessDigest: 'harness-digest', packagesDigest: 'packages-digest' },
    envs: { KEY: 'env-value' },
    log: (line) => void log.push(line),
  });
  const {
    name,
    plan: { resources, user },
    keys,
  } = session;
  await driver.clone({ image: base, guest: name, resources, user, authorizedKey: keys.publicKey }, signal);
  session.process = await driver.start(name, signal);
  const release = () => session.scope.release();
  return {
    session,
    driver,
    log,
    run: (actor) => {
      const running = createActor(actor({ session: () => session }), { input: { vmId: name } });
      const done = toPromise(running);
      running.start();
      return done;
    },
    release,
    [Symbol.asyncDispose]: async () => void (await release()),
  };
}
