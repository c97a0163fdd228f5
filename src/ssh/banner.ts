import type { Duplex } from 'node:stream';
import { messageOf, tail, VzvmError } from '../errors.ts';
import { bounded } from './bounded.ts';

/** A server may say other lines before its version; more than this is not an SSH server. */
const MOST_BYTES = 16 * 1024;

/**
 * Waits until the other end shows itself as an SSH server, and puts what it said back into the stream.
 * A port forwarder accepts long before the guest's sshd lives; only the banner tells.
 * @throws VzvmError SSH_UNREACHABLE (retry "safe"), ABORTED.
 */
export async function awaitBanner(stream: Duplex, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const chunks: Buffer[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onData = (chunk: Buffer) => {
    chunks.push(chunk);
    const said = Buffer.concat(chunks).toString('latin1');
    if (/(^|\n)SSH-/.test(said)) resolve();
    else if (said.length > MOST_BYTES)
      reject(unreachable('what answers is not an SSH server', { said: tail(said, 200) }));
  };
  const onEnd = () =>
    reject(unreachable('the connection was closed before the SSH server said anything', {}));
  const onError = (cause: unknown) => reject(unreachable(messageOf(cause), {}, cause));
  stream.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onError);
  try {
    const late = () => unreachable(`no SSH server answered within ${timeoutMs} ms`, { timeoutMs });
    await bounded(promise, { what: 'the SSH banner', timeoutMs, signal, late });
    stream.pause();
  } finally {
    stream.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onError);
  }
  stream.unshift(Buffer.concat(chunks));
}

/** The error of a guest whose SSH server does not answer yet, or no more. */
export function unreachable(
  reason: string,
  facts: Record<string, string | number>,
  cause?: unknown,
): VzvmError {
  return new VzvmError('SSH_UNREACHABLE', `SSH in the guest is not reachable: ${reason}`, {
    facts,
    retry: 'safe',
    hint: "wait until the guest has booted; if it never answers, check that the image's sshd starts at boot",
    cause,
  });
}
