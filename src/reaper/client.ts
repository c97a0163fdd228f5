import { fileURLToPath } from 'node:url';
import { type Companion, spawnCompanion } from '../process/spawn-companion.ts';

/** All that drivers ask of their environment. Nothing else of ours may live on in another process. */
const ENVIRONMENT = [
  'PATH',
  'HOME',
  'TMPDIR',
  'LANG',
  'XDG_STATE_HOME',
  'XDG_CACHE_HOME',
  'XDG_RUNTIME_DIR',
  'VZVM_HOME',
  'VZVM_CACHE',
  'TART_HOME',
];

const script = fileURLToPath(
  new URL(`./main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);

/**
 * Starts the process that removes what the owner `id` leaves, tied to this one: resolves when it is there.
 * @throws VzvmError TOOL_MISSING, COMMAND_FAILED, COMMAND_TIMEOUT.
 */
export function startReaper(stateDir: string, id: string): Promise<Companion> {
  return spawnCompanion(script, ['owner', stateDir, id], { env: ENVIRONMENT, tied: true });
}
/** Starts the process that ends one detached VM when its time is over. @throws VzvmError as {@link startReaper}. */
export function startKeeper(stateDir: string, guest: string): Promise<Companion> {
  return spawnCompanion(script, ['keeper', stateDir, guest], { env: ENVIRONMENT, tied: false });
}
