import { randomBytes } from 'node:crypto';
import type { CopyOfRunning, GuestPlan, ImageToKeep, Parking, Payload, VmSession } from '../actors/index.ts';
import type { Driver, Image } from '../drivers/driver.ts';
import type { Preparation } from '../guest/index.ts';
import { newGuestName } from '../drivers/guest-name.ts';
import { generateKeyPair, readPrivateKey } from '../ssh/index.ts';
import { hostMounts } from './host-mounts.ts';
import { DEFAULT_MEMORY_MIB, type VZVMSubstrateOptions } from './options.ts';
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
      memoryMiB: options.memoryMiB ?? DEFAULT_MEMORY_MIB,
      ...(options.diskGiB === undefined ? {} : { diskGiB: options.diskGiB }),
    },
    user,
    password: options.sshPassword,
    privateKey:
      options.sshPrivateKeyPath === undefined ? undefined : await readPrivateKey(options.sshPrivateKeyPath),
    directory: options.remoteWorkdir ?? `/home/${user}/harness`,
    node: { major: options.guestNode?.major ?? 22, source: options.guestNode?.source ?? 'auto' },
    preparation: preparationOf(options.prepare),
    mounts: hostMounts(options),
    hostPorts: new Map(Object.entries(options.hostPorts ?? {}).map(([guest, host]) => [Number(guest), host])),
  };
}

/** Everything one VM's actors share, with a key pair and a token made for this VM alone. */
export function createSession(parts: {
  readonly driver: Driver;
  readonly image: Image;
  readonly keep?: ImageToKeep;
  readonly parking?: Parking;
  readonly template?: string;
  readonly copy?: CopyOfRunning;
  readonly snapshotable?: boolean;
  readonly plan: GuestPlan;
  readonly payload: Payload;
  readonly envs: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
  /** It runs already: what it has. */
  readonly adopted?: Pick<VmSession, 'name' | 'token' | 'keys'>;
}): VmSession {
  const { adopted, ...rest } = parts;
  const name = adopted?.name ?? newGuestName();
  return {
    ...rest,
    name,
    isAdopted: adopted !== undefined,
    scope: new ResourceScope(),
    log: (line) => parts.log(`${name}: ${line}`),
    keys: adopted?.keys ?? generateKeyPair(name),
    token: adopted?.token ?? randomBytes(24).toString('base64url'),
  };
}

function preparationOf(prepare: VZVMSubstrateOptions['prepare']): Preparation | undefined {
  if (typeof prepare !== 'object') return undefined;
  return { packages: prepare.packages ?? [], script: prepare.script };
}
