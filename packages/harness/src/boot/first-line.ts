import { deferred } from '../deferred.ts';

const MOST_CHARACTERS = 1024 * 1024;

/**
 * The first line of a stream that may stay open; all of one that ends without. Rejects when none comes in time. What comes
 * after the line is not kept.
 */
export async function firstLine(input: NodeJS.ReadableStream, timeoutMs: number): Promise<string> {
  const { promise, resolve, reject } = deferred<string>();
  let text = '';
  const timer = setTimeout(
    () => reject(new Error(`no line came on standard input within ${timeoutMs} ms`)),
    timeoutMs,
  );
  const onData = (chunk: string): void => {
    text += chunk;
    const end = text.indexOf('\n');
    if (end >= 0) resolve(text.slice(0, end));
    else if (text.length > MOST_CHARACTERS) reject(new Error('the line on standard input is too long'));
  };
  input.setEncoding('utf8');
  input.on('data', onData);
  input.once('end', () => resolve(text));
  input.once('error', reject);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    input.off('data', onData);
    input.pause();
  }
}
