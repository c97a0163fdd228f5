import { access, rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { VzvmError } from '../../../errors.ts';
import { INPUT_FD } from '../../../process/spawn-detached.ts';
import type { QmpEvent, QmpSession } from '../qmp-session.ts';

const POLL_MS = 5;
/** For what is in a pipe when QEMU has ended its part. */
const WRITTEN_TIMEOUT_MS = 30_000;

/** What QEMU calls the abilities that are used here. */
export interface Capabilities {
  /** Shared memory is left out: it is in its file already. */
  readonly 'x-ignore-shared'?: boolean;
  /** Stops before the end and waits to be told to go on. */
  readonly 'pause-before-switchover'?: boolean;
}

/** Says how the next migration is to go: with what is named and nothing else. */
export async function setCapabilities(session: QmpSession, wanted: Capabilities): Promise<void> {
  const all = { 'x-ignore-shared': false, 'pause-before-switchover': false, ...wanted, events: true };
  const capabilities = Object.entries(all).map(([capability, state]) => ({ capability, state }));
  await session.execute('migrate-set-capabilities', { capabilities });
}

/** What QEMU was started with as input. */
export const INPUT = `fd:${INPUT_FD}`;

/** What is in a file. */
export const contentOf = (file: string): string => `exec:cat ${quote(file)}`;

/** Reads a saved state; the guest is then there, and does not run. */
export async function loadState(session: QmpSession, uri: string): Promise<void> {
  const begun = session.execute('migrate-incoming', { uri });
  await Promise.all([begun, reached(session, 'completed')]);
}

/** Begins to write a guest's state to a file: {@link written} tells when it is whole. */
export async function beginSave(session: QmpSession, file: string): Promise<void> {
  // QEMU does not tell when the last byte is in the file; its new name does, with how it went.
  const to = quote(file);
  await session.execute('migrate', { uri: `exec:cat > ${to} && mv ${to} ${to}.0 || mv ${to} ${to}.1` });
}

/** Waits until a migration has come so far. */
export async function reached(session: QmpSession, status: 'completed' | 'pre-switchover'): Promise<void> {
  await unlessFailed(session, ({ name, data }) => name === 'MIGRATION' && data['status'] === status);
}

/** The next event that is wanted, unless the migration fails before. */
export async function unlessFailed(
  session: QmpSession,
  isWanted: (event: QmpEvent) => boolean,
): Promise<QmpEvent> {
  const hasFailed = ({ name, data }: QmpEvent) =>
    name === 'MIGRATION' && (data['status'] === 'failed' || data['status'] === 'cancelled');
  const event = await session.event((each) => isWanted(each) || hasFailed(each));
  if (isWanted(event)) return event;
  const answer = (await session.execute('query-migrate')) as { 'error-desc'?: string };
  throw notSaved(answer['error-desc'] ?? `the migration was ${String(event.data['status'])}`);
}

/** Waits until the file of a completed migration is whole. */
export async function written(file: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + WRITTEN_TIMEOUT_MS;
  for (;;) {
    if (signal.aborted) throw new VzvmError('ABORTED', 'saving a guest was cancelled');
    if (await exists(`${file}.0`)) return rename(`${file}.0`, file);
    if (performance.now() >= deadline || (await exists(`${file}.1`)))
      throw notSaved('its state could not be written');
    await sleep(POLL_MS);
  }
}

/** Ends a QEMU. Its process tells whether it did: its last answer may be lost. */
export async function quit(session: QmpSession): Promise<void> {
  await session.execute('quit').catch(() => undefined);
}

function notSaved(reason: string): VzvmError {
  return new VzvmError('COMMAND_FAILED', `the guest could not be saved: ${reason}`, {
    hint: 'try again; if it fails each time, boot without templates',
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
