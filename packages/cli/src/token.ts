import { UsageError } from './io.ts';

const LONGEST = 4096;

/** The first line of standard input: a token never stands on a command line. */
export async function readToken(input: AsyncIterable<string | Buffer>, signal: AbortSignal): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    signal.throwIfAborted();
    text += chunk.toString();
    if (text.includes('\n') || text.length > LONGEST) break;
  }
  const token = text.split('\n')[0]?.trim() ?? '';
  if (token === '' || token.length > LONGEST)
    throw new UsageError('--token-stdin: standard input holds no token');
  return token;
}

/** A harness's URL that carries the token. */
export const withToken = (url: string, token: string): string =>
  `${url.replace(/\/+$/, '')}/t/${encodeURIComponent(token)}`;

/** The URL for people: without the token. */
export const withoutToken = (url: string): string => url.replace(/\/t\/[^/]+/, '/t/***');
