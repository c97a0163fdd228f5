/** A stand-in for Tart's command line: one process for each call, nothing but files and locks between them. */
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, usage } from './failure.ts';
import { fault, faultOnce, hang } from './faults.ts';
import { collectGarbage, home } from './home.ts';

type Command = (args: string[]) => Promise<number | void> | number | void;

/** Loaded when it is asked for: each call is a process. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  clone: async () => (await import('./change.ts')).clone,
  create: async () => (await import('./change.ts')).create,
  delete: async () => (await import('./change.ts')).remove,
  exec: async () => (await import('./reach.ts')).exec,
  fqn: async () => (await import('./pull.ts')).fqn,
  get: async () => (await import('./show.ts')).get,
  ip: async () => (await import('./reach.ts')).ip,
  list: async () => (await import('./show.ts')).list,
  pull: async () => (await import('./pull.ts')).pull,
  rename: async () => (await import('./change.ts')).renameVm,
  run: async () => (await import('./run.ts')).run,
  set: async () => (await import('./change.ts')).set,
  stop: async () => (await import('./change.ts')).stop,
  suspend: async () => (await import('./change.ts')).suspend,
};
/** Run collects by itself, in its own order. */
const NO_GARBAGE = new Set(['pull', 'clone', 'run']);

/** The file's text is what is said; a number before it, the exit code. */
async function failOnce(verb: string): Promise<void> {
  const text = await faultOnce(`fail-once-${verb}`);
  if (text === undefined) return;
  const [, code = '1', message = ''] = /^(\d+ )?(.*)$/s.exec(text) ?? [];
  throw new Failure(message, Number(code));
}

/** Each call, for whoever has asked to see them. */
async function recordCall(args: readonly string[]): Promise<void> {
  if ((await fault('record')) !== undefined) await appendFile(join(home, 'calls.log'), `${args.join(' ')}\n`);
}

async function main(argv: string[]): Promise<number> {
  const [verb = '--help', ...args] = argv;
  await recordCall(argv);
  if (verb === '--version') {
    process.stdout.write(`${(await fault('version')) ?? '2.35.0'}\n`);
    return 0;
  }
  if (verb === '--help' || args.includes('--help')) {
    process.stdout.write('OVERVIEW: a stand-in for tart\n');
    return 0;
  }
  const load = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
  if (!load) throw usage(verb, `Unexpected argument '${verb}'`);
  if ((await fault(`hang-${verb}`)) !== undefined) await hang();
  if ((await faultOnce(`hang-once-${verb}`)) !== undefined) await hang();
  await failOnce(verb);
  if (!NO_GARBAGE.has(verb)) {
    if ((await fault('gc')) === undefined) await collectGarbage();
    else process.stderr.write('Failed to perform garbage collection: it was made to fail\n');
  }
  try {
    return (await (await load())(args)) ?? 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS'))
      throw usage(verb, (error as Error).message);
    throw error;
  }
}

try {
  const status = await main(process.argv.slice(2));
  process.stdout.write('', () => process.exit(status));
} catch (error) {
  const failure = error instanceof Failure ? error : new Failure(`Error: ${String(error)}`);
  process.stderr.write(`${failure.message}\n`, () => process.exit(failure.exitCode));
}
