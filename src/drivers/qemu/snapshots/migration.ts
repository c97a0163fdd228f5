import { access, rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { VzvmError } from '../../../errors.ts';
import type { QmpSession } from '../qmp-session.ts';

const POLL_MS = 5;

/** What QEMU calls the abilities that are used here. */
export interface Capabilities {
  /** Shared memory is left out: it is in its file already. */
  readonly 'x-ignore-shared'?: boolean;
  /** Stops before the end and waits to be told to go on. */
  readonly 'pause-before-switchover'?: boolean;
}

/** Says how the next migration is to go. What is not named stays as it is. */
export async function setCapabilities(session: QmpSession, wanted: Capabilities): Promise<void> {
  const capabilities = Object.entries({ ...wanted, events: true }).map(([capability, state]) => ({
    capability,
    state,
  }));
  await session.execute('migrate-set-capabilities', { capabilities });
}

/** Reads a saved state; the guest is then there, and does not run. */
export async function loadState(session: QmpSession, file: string): Promise<void> {
  const begun = session.execute('migrate-incoming', { uri: `exec:cat ${quote(file)}` });
  await Promise.all([begun, reached(session, 'completed')]);
}

/** Begins to write a guest's state to a file: {@link written} tells when it is whole. */
export async function beginSave(session: QmpSession, file: string): Promise<void> {
  // QEMU does not tell when the last byte is in the file; its new name does, with how it went.
  const to = quote(file);
  await session.execute('migrate', { uri: `exec:cat > ${to}; mv ${to} ${to}.$?` });
}

/** Waits until a migration has come so far. */
export async function reached(session: QmpSession, status: 'completed' | 'pre-switchover'): Promise<void> {
  const event = await session.event(
    ({ name, data }) =>
      name === 'MIGRATION' && [status, 'failed', 'cancelled'].includes(String(data['status'])),
  );
  if (event.data['status'] === status) return;
  const reason = await session
    .execute('query-migrate')
    .then((answer) => (answer as { 'error-desc'?: string })['error-desc']);
  throw notSaved(reason ?? `the migration was ${String(event.data['status'])}`);
}

/** Waits until the file of a completed migration is whole. */
export async function written(file: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    if (signal.aborted) throw new VzvmError('ABORTED', 'saving a guest was cancelled');
    if (await exists(`${file}.0`)) return rename(`${file}.0`, file);
    if (await exists(`${file}.1`)) throw notSaved('its state could not be written');
    await sleep(POLL_MS);
  }
}

function notSaved(reason: string): VzvmError {
  return new VzvmError('COMMAND_FAILED', `the guest could not be saved: ${reason}`, {
    hint: 'the guest boots without a template, too: look at the space on the disk of the cache (df -h)',
    retry: 'safe',
  });
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** For the shell that QEMU gives the command to. */
function quote(file: string): string {
  return `'${file.replaceAll("'", `'\\''`)}'`;
}
