import { isAborted, messageOf, VzvmError } from '../errors.ts';
import { doctor } from './doctor.ts';
import { type Flags, parse } from './flags.ts';
import { gc, ls, rm } from './guests.ts';
import { image } from './image.ts';
import { type Io, UsageError } from './io.ts';
import { machine } from './machine.ts';
import { trace } from './trace.ts';
import { replay } from './replay.ts';
import { exec, inspect, logs, ssh } from './reach.ts';

const USAGE = `usage: vzvm doctor                         what could stop a boot on this machine, and what mends it
       vzvm ls                             VMs on this machine, and whose they are
       vzvm inspect NAME                   all that is known of one
       vzvm logs NAME [-f] [-n N] [--harness]  what its console, or its harness, has said; -f goes on
       vzvm ssh NAME                       a login shell in one
       vzvm exec NAME [-t] -- CMD...       a command in one, with this terminal's input and output
       vzvm rm NAME... [--force]           ends and deletes some; with --force also those in use
       vzvm gc [--dry-run]                 ends and deletes those whose program is gone
       vzvm image ls                       prepared images, templates, base images
       vzvm image build [--base IMAGE]        makes the one that VMs start from, and its template
       vzvm image rm KEY...                   removes some
       vzvm image prune [--days N] [--gib N]  removes those unused for N days, then the oldest above N GiB,
                                           and templates and base images that nothing needs
       vzvm trace FILE [--record]          what a trace tells of its VMs; --record boots one, and records it
       vzvm replay FILE [--port N] [--no-open]  the inspector's page on a trace, until it is interrupted
       vzvm machine [--format F]           the statechart of a VM as "mermaid", "svg" or "json"

       --driver NAME  "tart" or "qemu"
       --json         one JSON object or array as the answer

exit status: 0 done, 1 failed, 64 wrong usage, 130 cancelled; of ssh and exec that of the shell or the command`;

const EXIT = { done: 0, failed: 1, usage: 64, cancelled: 130 } as const;

/** Answers whether all is well, or an exit status. */
type Command = (words: readonly string[], flags: Flags, io: Io) => Promise<boolean | number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  doctor,
  exec,
  gc,
  image,
  inspect,
  logs,
  ls,
  machine,
  replay,
  rm,
  ssh,
  trace,
};

/** Runs a command line; answers its exit status. Never throws. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  try {
    const { values, positionals } = parse(argv);
    if (values.help) {
      io.out(USAGE);
      return EXIT.done;
    }
    const [noun, ...words] = positionals;
    const run = noun !== undefined && Object.hasOwn(COMMANDS, noun) ? COMMANDS[noun] : undefined;
    if (!run) throw new UsageError(noun === undefined ? 'no command' : `unknown command ${noun}`);
    const end = await run(words, values, io);
    return typeof end === 'number' ? end : end ? EXIT.done : EXIT.failed;
  } catch (error) {
    return told(error, io);
  }
}

function told(error: unknown, io: Io): number {
  if (error instanceof UsageError) {
    io.log(`vzvm: ${error.message}\n\n${USAGE}`);
    return EXIT.usage;
  }
  if (isAborted(error)) {
    io.log('vzvm: cancelled');
    return EXIT.cancelled;
  }
  const code = error instanceof VzvmError ? `${error.code}: ` : '';
  io.log(`vzvm: ${code}${messageOf(error)}`);
  if (error instanceof VzvmError && error.hint !== undefined) io.log(`what to do: ${error.hint}`);
  if (error instanceof VzvmError && error.stderrTail) io.log(error.stderrTail);
  return EXIT.failed;
}
