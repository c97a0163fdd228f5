import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Journal } from '../../src/journal/index.ts';
import { findMarked, GUEST_MARK, OWNER_MARK } from '../../src/process/marked.ts';
import { isRunning } from '../helpers/processes.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/until.ts';

const program = fileURLToPath(new URL('owner-program.ts', import.meta.url));

interface Owner extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly guest: string;
  readonly owner: string;
  readonly hypervisor: number;
  readonly errors: () => string;
}

/** A program that owns a VM, and what it has. */
async function startOwner(stateDir: string): Promise<Owner> {
  const child = spawn(process.execPath, ['--conditions=source', program, stateDir], { stdio: 'pipe' });
  let errors = '';
  child.stderr.on('data', (chunk) => void (errors += String(chunk)));
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const end = async () => {
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL'))
      await once(child, 'exit');
  };
  const has = JSON.parse(line) as Pick<Owner, 'guest' | 'owner' | 'hypervisor'>;
  return { child, errors: () => errors, ...has, [Symbol.asyncDispose]: end };
}

/** Process ids of the reapers that stand by for an owner. */
async function reapersOf(owner: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = pids.map(async (pid) => {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return line.includes('reaper/main') && line.includes(owner) ? [Number(pid)] : [];
  });
  return (await Promise.all(found)).flat();
}

/** What an owner has left: processes, folders, entries of the journal. */
async function leftOf({ guest, owner }: Owner, stateDir: string): Promise<unknown[]> {
  const processes = [
    ...(await findMarked(GUEST_MARK, guest)),
    ...(await findMarked(OWNER_MARK, owner)),
    ...(await reapersOf(owner)),
  ];
  const journal = (await readdir(join(stateDir, 'journal'))).filter(
    (name) => name.includes(guest) || name.includes(owner),
  );
  const folders = (await readdir(join(stateDir, 'qemu'))).filter((name) => name === guest);
  return [...processes, ...journal, ...folders];
}

describe('the reaper', () => {
  it.each([
    ['SIGKILL', (child: ChildProcess) => child.kill('SIGKILL')],
    ['SIGTERM', (child: ChildProcess) => child.kill('SIGTERM')],
    ['an exception', (child: ChildProcess) => child.stdin?.write('throw\n')],
    ['process.exit', (child: ChildProcess) => child.stdin?.write('exit\n')],
  ])('removes all that its owner leaves after %s, and ends', async (_, end) => {
    await using temp = await tempDir();
    await using owner = await startOwner(temp.path);
    await using other = await startOwner(temp.path);
    expect(await leftOf(owner, temp.path)).toHaveLength(7);
    end(owner.child);
    await once(owner.child, 'exit');
    await until('nothing is left', async () => (await leftOf(owner, temp.path)).length === 0);
    expect(isRunning(owner.hypervisor)).toBe(false);
    // What another owner has is its own.
    expect(isRunning(other.hypervisor)).toBe(true);
    expect(await new Journal(temp.path).list()).toMatchObject([{ guest: other.guest }]);
    other.child.kill('SIGKILL');
    await until('nothing is left of the other', async () => (await leftOf(other, temp.path)).length === 0);
  });

  it('survives what closes a terminal, and is replaced when it is killed', async () => {
    await using temp = await tempDir();
    await using owner = await startOwner(temp.path);
    const [first = 0] = await reapersOf(owner.owner);
    for (const signal of ['SIGINT', 'SIGHUP'] as const) process.kill(first, signal);
    process.kill(first, 'SIGKILL');
    await until('there is another one', async () => {
      const [now] = await reapersOf(owner.owner);
      return now !== undefined && now !== first;
    });
    await until('it is told', () => owner.errors().includes('another one is started'));
    owner.child.kill('SIGKILL');
    await until('nothing is left', async () => (await leftOf(owner, temp.path)).length === 0);
    expect(isRunning(owner.hypervisor)).toBe(false);
  });

  it('leaves what it cannot remove in the journal, with the reason', async () => {
    await using temp = await tempDir();
    await using owner = await startOwner(temp.path);
    const journal = new Journal(temp.path);
    const record = await journal.read(owner.guest);
    if (!record) throw new Error('there is no record');
    await journal.write({ ...record, recipe: { driver: 'unheard-of', options: {} } });
    owner.child.kill('SIGKILL');
    await until('it is told', async () => (await journal.read(owner.guest))?.problem !== undefined);
    expect((await journal.read(owner.guest))?.problem).toContain('there is no driver unheard-of');
    // It is tried again: here the reason goes away meanwhile.
    await journal.write(record);
    await until('nothing is left', async () => (await leftOf(owner, temp.path)).length === 0);
    await rm(journal.folder, { recursive: true });
  });
});
