import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { identityLines } from '../../src/actors/identity-lines.ts';
import { newIdentity } from '../../src/actors/new-identity.ts';
import { RENEWED, renewCopyCommand } from '../../src/guest/index.ts';
import { canIsolate, converse, GUEST_USER, guestRoot } from './helpers/guest-root.ts';

const { identity } = newIdentity('ca-1-new');
const input = () => identityLines({ ...identity, time: Date.now() });
const COMMAND = renewCopyCommand({ user: GUEST_USER.name });

/** Starts programs that look like an SSH server's, and waits until they do. */
const start = (folder: string) => `
cp "$(command -v perl)" ${folder}/sshd; cp "$(command -v perl)" ${folder}/feigned
begin() { "$1" -e '$0 = $ARGV[0]; if ($ARGV[1]) { if (!fork) { setpgrp; exec "sleep", "1000" } } sleep 1000' "$2" "$3" &
  until grep -q '^sshd' /proc/$!/cmdline; do sleep 0.02; done; }
begin ${folder}/sshd 'sshd: guest [priv]' ''; login=$!
begin ${folder}/sshd 'sshd: guest@notty' watched; shell=$!
until watch=$(grep -l '^sleep' /proc/[0-9]*/cmdline); do sleep 0.02; done; watch=$(basename $(dirname $watch))
begin ${folder}/sshd 'sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups' ''; server=$!
begin ${folder}/feigned 'sshd: guest [priv]' ''; feigned=$!
export login shell watch server feigned`;

const ALIVE = `for name in login shell watch server feigned; do
  eval "pid=\\$$name"; grep -qs '^State:.[RS]' /proc/$pid/status && echo "$name" || true; done`;

// A busy machine may let half a second pass between the sending of the time and its reading, and the clock cannot be set.
describe.runIf(canIsolate)('the program that renews a copy', { retry: 2 }, () => {
  it('gives it its identity, and ends the logins that it was copied with, but neither server nor others', async () => {
    await using root = await guestRoot();
    const shown = ['sh', '-c', `sh -c "$1"; ${ALIVE}`, 'sh', COMMAND];
    const done = await converse(root.wrap(shown, { first: start(root.path) }), input);
    expect(done).toEqual({
      exitCode: 0,
      stdout: `ready\nrenewed\n${RENEWED}\nserver\nfeigned\n`,
      stderr: '',
    });
    expect(await readFile(root.file('etc/machine-id'), 'utf8')).toBe(`${identity.machineId}\n`);
  });

  it('says so when a part of it fails', async () => {
    await using root = await guestRoot();
    const first = 'rm -r /etc/ssh';
    const done = await converse(root.wrap(['sh', '-c', COMMAND], { first }), input);
    expect(done).toMatchObject({ stdout: 'ready\n', stderr: expect.stringContaining('/etc/ssh') });
    expect(done.exitCode).not.toBe(0);
  });
});
