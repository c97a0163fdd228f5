import { VzvmError } from '../errors.ts';
import type { Tty } from '../substrate/index.ts';
import { type Flags, optionsOf } from './flags.ts';
import { type Io, UsageError } from './io.ts';
import { size } from './text.ts';

/** `vzvm ssh NAME`: a login shell in a VM. Answers the shell's exit status. */
export async function ssh(words: readonly string[], flags: Flags, io: Io): Promise<number> {
  const name = oneName('ssh', words);
  return runIn(name, [], flags, io);
}

/** `vzvm exec NAME -- CMD…`: a command in a VM. Answers the command's exit status. */
export async function exec([name, ...argv]: readonly string[], flags: Flags, io: Io): Promise<number> {
  if (name === undefined || argv.length === 0) throw new UsageError('exec: a VM and a command are needed');
  return runIn(name, argv, flags, io);
}

async function runIn(name: string, argv: readonly string[], flags: Flags, io: Io): Promise<number> {
  await using substrate = io.substrate(optionsOf(flags, io));
  const guest = await substrate.reach(name);
  const isTerminal = io.stdin.isTTY === true && io.stdout.isTTY === true;
  const wantsTerminal = isTerminal && (argv.length === 0 || flags.tty);
  const streams = { stdin: io.stdin, stdout: io.stdout, stderr: io.stderr };
  if (!wantsTerminal) return guest.run(argv, streams, io.signal);
  io.stdin.setRawMode?.(true);
  try {
    return await guest.run(argv, { ...streams, tty: ttyOf(io) }, io.signal);
  } finally {
    io.stdin.setRawMode?.(false);
  }
}

function ttyOf({ stdout }: Io): Tty {
  return {
    term: process.env['TERM'] ?? 'xterm',
    size: () => ({ columns: stdout.columns ?? 80, rows: stdout.rows ?? 24 }),
    onResize: (listener) => {
      stdout.on('resize', listener);
      return () => void stdout.off('resize', listener);
    },
  };
}

/** `vzvm logs NAME`: what a VM has said: its console, or with --harness its harness. */
export async function logs(words: readonly string[], flags: Flags, io: Io): Promise<true> {
  const name = oneName('logs', words);
  await using substrate = io.substrate(optionsOf(flags, io));
  const guest = await substrate.reach(name);
  const of = flags.harness ? 'harness' : 'console';
  const streams = { stdin: io.stdin, stdout: io.stdout, stderr: io.stderr };
  await guest.log({ of, follow: flags.follow, lines: linesOf(flags) }, streams, io.signal);
  return true;
}

function linesOf({ lines }: Flags): number {
  const count = Number(lines ?? 200);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new UsageError(`logs: --lines is a number, not ${lines}`);
}

/** `vzvm inspect NAME`: all that is known of a VM. */
export async function inspect(words: readonly string[], flags: Flags, io: Io): Promise<true> {
  const name = oneName('inspect', words);
  await using substrate = io.substrate(optionsOf(flags, io));
  const guest = (await substrate.list()).find((each) => each.name === name);
  if (!guest) {
    const hint = 'look with: npx vzvm ls';
    throw new VzvmError('OPTION_INVALID', `there is no VM ${name}`, { facts: { guest: name }, hint });
  }
  if (flags.json) {
    io.out(JSON.stringify(guest));
    return true;
  }
  const { entry, running, ownerPid } = guest;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['name', name],
    ['driver', guest.driver],
    ['runs', running === undefined ? 'unknown: its driver does not answer' : running ? 'yes' : 'no'],
    [
      'owner',
      ownerPid === undefined ? 'nobody' : `process ${ownerPid}${guest.isLeftOver ? ', which is gone' : ''}`,
    ],
    ['step', entry?.step],
    ['failure', entry?.failure],
    ['problem', entry?.problem],
    ['image', entry?.image],
    ['resources', entry && `${entry.cpu} processors, ${size(entry.memoryMiB * 1024 ** 2)}`],
    ['created', entry && new Date(entry.createdAt).toISOString()],
    ['ends', entry?.expiresAt === undefined ? undefined : new Date(entry.expiresAt).toISOString()],
  ];
  for (const [what, value] of facts) if (value !== undefined) io.out(`${what.padEnd(10)} ${value}`);
  return true;
}

function oneName(command: string, words: readonly string[]): string {
  const [name] = words;
  if (words.length !== 1 || name === undefined)
    throw new UsageError(`${command}: the name of one VM is needed`);
  return name;
}
