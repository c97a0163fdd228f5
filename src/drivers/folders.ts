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
