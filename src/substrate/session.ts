import { randomBytes } from 'node:crypto';
import type { GuestPlan, VmSession } from '../actors/index.ts';
import type { Driver, Image } from '../drivers/driver.ts';
import { generateKeyPair, readPrivateKey } from '../ssh/index.ts';
import type { VZVMSubstrateOptions } from './options.ts';
import { readPayload } from './payload.ts';
import { ResourceScope } from './resource-scope.ts';

/**
 * What the options ask for in the guest.
 * @throws VzvmError SSH_KEY_UNREADABLE.
 */
export async function readPlan(options: VZVMSubstrateOptions): Promise<GuestPlan> {
  const user = options.sshUser ?? 'admin';
  return {
    resources: {
      cpu: options.cpu ?? 2,
      memoryMiB: options.memoryMiB ?? 2048,
      ...(options.diskGiB === undefined ? {} : { diskGiB: options.diskGiB }),
    },
    user,
    password: options.sshPassword,
    privateKey:
      options.sshPrivateKeyPath === undefined ? undefined : await readPrivateKey(options.sshPrivateKeyPath),
    directory: options.remoteWorkdir ?? `/home/${user}/harness`,
    node: { major: options.guestNode?.major ?? 22, source: options.guestNode?.source ?? 'auto' },
    hostPorts: new Map(Object.entries(options.hostPorts ?? {}).map(([guest, host]) => [Number(guest), host])),
  };
}

/** Everything one VM's actors share, with a key pair and a token made for this VM alone. */
export async function createSession(parts: {
  name: string;
  driver: Driver;
  image: Image;
  plan: GuestPlan;
  options: VZVMSubstrateOptions;
  envs: Readonly<Record<string, string>>;
  log: (line: string) => void;
}): Promise<VmSession> {
  return {
    name: parts.name,
    driver: parts.driver,
    image: parts.image,
    plan: parts.plan,
    payload: await readPayload(parts.options.bundlePath),
    scope: new ResourceScope(),
    log: (line) => parts.log(`${parts.name}: ${line}`),
    keys: generateKeyPair(parts.name),
    token: randomBytes(24).toString('base64url'),
    envs: parts.envs,
  };
}
