import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What cloud-init is told; nothing in it is secret. */
export interface Seed {
  readonly guest: string;
  readonly user: string;
  readonly authorizedKey: string;
}

/** Fills the folder that QEMU shows to the guest as a disk with the label CIDATA. */
export async function writeSeed(folder: string, seed: Seed): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  for (const [name, text] of Object.entries(seedFiles(seed))) await writeFile(join(folder, name), text);
}

/** The files of cloud-init's NoCloud source. JSON is YAML, so quoting is no question. Pure. */
export function seedFiles(seed: Seed): Readonly<Record<string, string>> {
  const user = {
    name: seed.user,
    shell: '/bin/bash',
    sudo: 'ALL=(ALL) NOPASSWD:ALL',
    lock_passwd: true,
    ssh_authorized_keys: [seed.authorizedKey.trim()],
  };
  const userData = { users: [user], ssh_pwauth: false, package_update: false, package_upgrade: false };
  return {
    'meta-data': `${JSON.stringify({ 'instance-id': seed.guest, 'local-hostname': 'vm' })}\n`,
    'user-data': `#cloud-config\n${JSON.stringify(userData)}\n`,
  };
}
