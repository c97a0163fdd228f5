import { basename } from 'node:path';
import { InspectorServer, readTrace } from '../inspector/index.ts';
import { openInspector } from '../substrate/index.ts';
import type { Flags } from './flags.ts';
import { type Io, UsageError } from './io.ts';

/** `vzvm replay FILE`: the inspector's page on a trace, until it is interrupted, which is how it ends well. */
export async function replay(words: readonly string[], flags: Flags, io: Io): Promise<true> {
  const [path, ...more] = words;
  if (path === undefined || more.length > 0) throw new UsageError('replay: one file is needed');
  const port = portOf(flags);
  const { records, gaps } = await readTrace(path);
  const title = [basename(path), ...gaps].join('; ');
  const server = new InspectorServer({ kind: 'recording', title, records }, { port });
  const url = await server.listen();
  io.out(flags.json ? JSON.stringify({ url }) : url);
  for (const gap of gaps) io.log(`vzvm: ${path}: ${gap}`);
  const opens = io.stdout.isTTY === true && !flags['no-open'];
  const forget = opens
    ? await openInspector(url, (why) => io.log(`vzvm: the page cannot be opened: ${why}`))
    : undefined;
  await untilAborted(io.signal);
  await forget?.();
  await server.close();
  return true;
}

function portOf({ port }: Flags): number | undefined {
  if (port === undefined) return undefined;
  const number = Number(port);
  if (Number.isSafeInteger(number) && number >= 0 && number <= 65_535 && port.trim() !== '') return number;
  throw new UsageError(`replay: --port is a port, not ${port}`);
}

const LONGEST_WAIT_MS = 2 ** 31 - 1;

/** The page's server holds no process up: whoever serves a recording does. */
async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const alive = setInterval(() => undefined, LONGEST_WAIT_MS);
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  clearInterval(alive);
}
