import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where images are cached: `VZVM_CACHE`, else the platform's convention. */
export function defaultCacheDir(env: NodeJS.ProcessEnv = process.env): string {
  if (env['VZVM_CACHE']) return env['VZVM_CACHE'];
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'vzvm');
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'vzvm');
}

/** Where guests live: `VZVM_HOME`, else the platform's convention. */
export function defaultStateDir(env: NodeJS.ProcessEnv = process.env): string {
  if (env['VZVM_HOME']) return env['VZVM_HOME'];
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'vzvm');
  return join(env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'vzvm');
}

/** The files of one guest. */
export interface GuestFiles {
  readonly folder: string;
  readonly disk: string;
  readonly settings: string;
  readonly console: string;
  readonly log: string;
  readonly qmp: string;
  readonly process: string;
  readonly seed: string;
}

/** Where one guest's files are: all in one folder, so that deleting it deletes the guest. */
export function guestFiles(stateDir: string, guest: string): GuestFiles {
  const folder = join(stateDir, 'qemu', guest);
  return {
    folder,
    disk: join(folder, 'disk.qcow2'),
    settings: join(folder, 'guest.json'),
    console: join(folder, 'console.log'),
    log: join(folder, 'qemu.log'),
    // Relative to the folder, which is QEMU's working directory: a socket's path may have 107 bytes only.
    qmp: 'qmp.sock',
    process: join(folder, 'process.json'),
    seed: join(folder, 'seed'),
  };
}
