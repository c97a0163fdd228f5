import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { filesIn } from '../../../src/drivers/qemu/paths.ts';
import { type Pace, standstillOf } from '../../../src/drivers/qemu/standstill.ts';
import { rejection } from '../../helpers/rejection.ts';
import { tempDir } from '../../helpers/temp.ts';
import { until } from '../../helpers/until.ts';
import { scriptedGuest } from './scripted-guest.ts';
import { setUp } from './scripted-driver.ts';

const GUEST = 'ca-1-0123456789ab';
/** Ends only where somebody ends it. */
const PATIENT: Pace = { patienceMs: 600_000, retryMs: 1 };
const IMPATIENT: Pace = { patienceMs: 20, retryMs: 1 };

/** A guest that is listened to, from when it was first asked how it is. */
async function watched(pace: Pace, status = 'running') {
  const temp = await tempDir();
  const guest = await scriptedGuest(temp.path);
  guest.status = status;
  const lines: string[] = [];
  const abort = new AbortController();
  const files = filesIn(temp.path);
  const standstill = standstillOf(GUEST, files, guest.qmp, pace);
  const told = standstill({ signal: abort.signal, log: (line) => void lines.push(line) });
  told.catch(() => undefined); // Looked at later.
  await until('it is listened to', () => guest.looks > 0);
  return {
    guest,
    lines,
    told,
    files,
    cancel: () => abort.abort(),
    async [Symbol.asyncDispose]() {
      abort.abort();
      await told.catch(() => undefined);
      await guest[Symbol.asyncDispose]();
      await temp[Symbol.asyncDispose]();
    },
  };
}

test('tells at once of a guest that stands still on a full disk, and fails when there is no room in time', async () => {
  await using it = await watched(IMPATIENT);
  it.guest.stop('io-error');
  expect(await rejection(it.told)).toMatchObject({
    code: 'DISK_FULL',
    message: expect.stringMatching(
      `no space for what ${GUEST} writes in ${it.files.folder}: \\d+ MiB free`,
    ) as string,
    facts: { path: it.files.folder, freeMiB: expect.any(Number) as number },
    hint: expect.stringContaining(`df -h ${it.files.folder}`) as string,
    retry: 'safe',
  });
  expect(it.lines).toEqual([
    expect.stringMatching(`^it stands still, .* full \\(\\d+ MiB free in .*df -h ${it.files.folder}$`),
  ]);
  await until('the connection is closed', () => it.guest.open() === 0);
});

test('tells of one that stopped before anybody listened', async () => {
  await using it = await watched(IMPATIENT, 'io-error');
  expect(await rejection(it.told)).toMatchObject({ code: 'DISK_FULL' });
});

test('lets it go on where there is room again, and tells of the next time anew', async () => {
  await using it = await watched(PATIENT);
  for (const told of [0, 2]) {
    it.guest.hasRoom = false;
    it.guest.stop('io-error');
    await until('it is told', () => it.lines.length === told + 1);
    await until('it was let go on in vain', () => it.guest.commands.includes('cont'));
    it.guest.hasRoom = true;
    await until('it is told again', () => it.lines.length === told + 2);
    expect(it.lines.at(-1)).toMatch('it goes on');
    expect(it.guest.status).toBe('running');
    it.guest.commands.length = 0;
  }
});

test.each(['paused', 'finish-migrate', 'postmigrate', 'save-vm'])(
  'leaves a guest alone that was stopped on purpose (%s)',
  async (status) => {
    await using it = await watched(PATIENT);
    it.guest.stop(status);
    await until('it was looked at', () => it.guest.looks === 2);
    it.guest.stop(status);
    // What was done about the first has been done by then.
    await until('it was looked at again', () => it.guest.looks === 3);
    expect([it.lines, it.guest.commands]).toEqual([[], []]);
  },
);

test('does not let a guest go on while somebody else gives it commands, as when it is saved', async () => {
  await using it = await watched(PATIENT);
  const letIn = it.guest.hold();
  it.guest.hasRoom = true;
  it.guest.stop('io-error');
  await until('it is to go on', () => it.guest.waiting() > 0);
  expect([it.guest.status, it.guest.commands]).toEqual(['io-error', []]);
  letIn();
  await until('it goes on', () => it.lines.length === 2);
});

test('lets nothing go on that somebody else has stopped meanwhile', async () => {
  await using it = await watched(PATIENT);
  const letIn = it.guest.hold();
  it.guest.stop('io-error');
  await until('it is to go on', () => it.guest.waiting() > 0);
  it.guest.stop('paused');
  letIn();
  await until('it was looked at', () => it.lines.length === 2);
  expect(it.guest.commands).not.toContain('cont');
});

test('fails at once where QEMU cannot run the guest any more, with what it said', async () => {
  await using it = await watched(PATIENT);
  await writeFile(it.files.log, 'KVM internal error. Suberror: 1\n');
  it.guest.stop('internal-error');
  expect(await rejection(it.told)).toMatchObject({
    code: 'GUEST_EXITED',
    facts: { guest: GUEST, status: 'internal-error' },
    hint: expect.stringContaining("accelerator: 'tcg'") as string,
    stderrTail: 'KVM internal error. Suberror: 1',
  });
});

test('is over without a word when QEMU has ended, and where it has no such socket', async () => {
  await using temp = await tempDir();
  await using it = await watched(PATIENT);
  it.guest.stop('io-error');
  await until('it is told', () => it.lines.length === 1);
  await it.guest[Symbol.asyncDispose]();
  expect(await it.told).toBeUndefined();
  const { signal } = new AbortController();
  const files = filesIn(temp.path);
  const told = standstillOf(GUEST, files, `${temp.path}/qmp.sock`)({ signal, log: () => undefined });
  expect(await told).toBeUndefined();
});

test.each(['running', 'io-error'])('holds nothing after it was cancelled (%s)', async (status) => {
  await using it = await watched(PATIENT, status);
  expect(it.guest.open()).toBe(1);
  it.cancel();
  expect(await rejection(it.told)).toMatchObject({ code: 'ABORTED' });
  await until('the connection is closed', () => it.guest.open() === 0);
});

test('is told of guests that were started, that were found running, and of forks', async () => {
  await using vm = await setUp({ status: 'io-error' });
  const { driver, guest } = vm;
  const { signal } = new AbortController();
  await driver.clone(vm.request, signal);
  const started = await driver.start(guest, signal);
  await driver.snapshots?.save({ guest, key: 'a-key', keepRunning: true }, signal);
  const fork = vm.request.guest.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  const forked = await driver.snapshots?.fork({ guest: fork, key: 'a-key' }, signal);
  for (const [name, process] of [
    [guest, started],
    [guest, await driver.adopt?.(guest, new AbortController().signal)],
    [fork, forked],
  ] as const) {
    const line = Promise.withResolvers<string>();
    const abort = new AbortController();
    const told = process?.standstill?.({ signal: abort.signal, log: line.resolve });
    expect(await line.promise).toMatch(new RegExp(`^it stands still, .*/${name}$`));
    abort.abort();
    expect(await rejection(told ?? Promise.resolve())).toMatchObject({ code: 'ABORTED' });
  }
});
