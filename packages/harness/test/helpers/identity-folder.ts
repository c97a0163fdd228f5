import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IdentitySource } from '@computeragent/protocol';
import { onTestFinished } from 'vitest';
import { gitAgentProtocolLoader } from '../../src/identity/gitagentprotocol.ts';
import type { LoadedIdentity } from '../../src/identity/loader.ts';

const never = new AbortController().signal;

/** What a test of the loader has. */
export interface IdentityFolder {
  readonly folder: string;
  readonly workdir: string;
  readonly load: (
    source: IdentitySource,
    signal?: AbortSignal,
    env?: Readonly<Record<string, string>>,
  ) => Promise<LoadedIdentity>;
}

/** A folder that goes with its test, and in it the working directory that identities are loaded into. */
export async function identityFolder(): Promise<IdentityFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'identity-test-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const workdir = join(folder, 'workdir');
  await mkdir(workdir);
  return {
    folder,
    workdir,
    load: (source, signal = never, env) => gitAgentProtocolLoader().load(source, workdir, signal, env),
  };
}
