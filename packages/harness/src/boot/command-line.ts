import { BlockList, isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { unknownName } from '@computeragent/protocol/nearest';
import { messageOf } from '../errors.ts';

/** What `computeragent-harness --help` says. */
export const USAGE = `usage: computeragent-harness [--host HOST] [--port PORT] [--max-sessions N] [--token-stdin]

Serves the Harness Protocol until it is asked to end (SIGTERM, Ctrl-C). Writes one line of JSON to standard output once it
listens: {"url":"http://127.0.0.1:7700"}. Its log goes to standard error.

  --host HOST     name or address to listen on (127.0.0.1)
  --port PORT     from 0 to 65535; 0 lets the system choose one (7700)
  --max-sessions N
                  how many sessions there are at most (256); ended ones give way, one too many is answered with 429
  --token-stdin   reads a token, one line of 16 characters or more, from standard input, and demands it from every
                  request: as "Authorization: Bearer TOKEN", or as a path in front, http://HOST:PORT/t/TOKEN/v1/…
                  Without a token it listens on loopback alone.
  --help          prints this

exit status: 0 was asked to end, 1 failed, 64 wrong usage, 98 the port is taken`;

const OPTIONS = {
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '7700' },
  'max-sessions': { type: 'string' },
  'token-stdin': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** Where a harness that somebody starts by hand listens, what it takes on, and whether it demands a token. */
export interface CommandLine {
  readonly host: string;
  readonly port: number;
  /** Undefined: as many as an app has by itself. */
  readonly maxSessions: number | undefined;
  readonly tokenFromStdin: boolean;
  readonly help: boolean;
}

/** A command line that makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @throws UsageError that names what is wrong, and the nearest valid flag. */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const values = parse([...argv]);
  const port = Number(values.port);
  if (!/^\d{1,5}$/.test(values.port) || port > 65_535) {
    throw new UsageError(`--port ${values.port}: give a number from 0 to 65535`);
  }
  const { host, 'max-sessions': max, 'token-stdin': tokenFromStdin, help } = values;
  const maxSessions = max === undefined ? undefined : wholeFrom1('--max-sessions', max);
  if (!help && !tokenFromStdin && !isLoopback(host)) {
    throw new UsageError(
      `--host ${host} can be reached from elsewhere: add --token-stdin and give a token there`,
    );
  }
  return { host, port, maxSessions, tokenFromStdin, help };
}

function wholeFrom1(flag: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && Number.isSafeInteger(value)) return value;
  throw new UsageError(`${flag} ${text}: give a whole number from 1`);
}

function parse(args: string[]) {
  const { tokens } = parseArgs({ args, options: OPTIONS, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind !== 'option' || Object.hasOwn(OPTIONS, token.name)) continue;
    throw new UsageError(
      unknownName(
        'flag',
        token.rawName,
        Object.keys(OPTIONS).map((name) => `--${name}`),
      ),
    );
  }
  try {
    return parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

function isLoopback(host: string): boolean {
  const family = isIP(host);
  return family === 0 ? host === 'localhost' : loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}
