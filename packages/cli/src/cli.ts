import { unknownName } from '@computeragent/protocol/nearest';
import { HarnessConnectionError } from '@computeragent/sdk';
import { conformance } from './conformance.ts';
import { type Flags, parse } from './flags.ts';
import { health, START } from './health.ts';
import { EXIT, type Io, UsageError } from './io.ts';
import { run } from './run.ts';
import { USAGE } from './usage.ts';

/** Answers an exit status. */
type Command = (words: readonly string[], flags: Flags, io: Io) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = { run, health, conformance };

/** Runs a command line; answers its exit status. Never rejects. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  try {
    const { values, positionals } = parse(argv);
    if (values.help) {
      io.out(`${USAGE}\n`);
      return EXIT.done;
    }
    const [verb, ...words] = positionals;
    if (verb === undefined) throw new UsageError('no command');
    const command = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
    if (!command) throw new UsageError(unknownName('command', verb, Object.keys(COMMANDS)));
    return await command(words, values, io);
  } catch (error) {
    return told(error, io);
  }
}

function told(error: unknown, io: Io): number {
  if (error instanceof UsageError) {
    io.log(`computeragent: ${error.message}\n\n${USAGE}`);
    return EXIT.usage;
  }
  if (io.signal.aborted) {
    io.log('computeragent: cancelled');
    return EXIT.cancelled;
  }
  const { message, code, hint } = factsOf(error);
  io.log(`computeragent: ${code === undefined ? '' : `${code}: `}${message}`);
  if (hint !== undefined) io.log(`what to do: ${hint}`);
  return EXIT.failed;
}

/** What an error of ours says: each package's have the same names for it. */
function factsOf(error: unknown): { message: string; code?: string; hint?: string } {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code, hint } = error as { code?: unknown; hint?: unknown };
  const unreachable = error instanceof HarnessConnectionError && error.code === 'UNREACHABLE';
  return {
    message: error.message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof hint === 'string' ? { hint } : unreachable ? { hint: START } : {}),
  };
}
