import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { VzvmError } from '../errors.ts';

const CONNECT_TIMEOUT_MS = 5_000;

/** A TCP connection to a forwarded port. Its errors after this are the caller's. */
export async function dialTcp(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
  if (signal.aborted) throw new VzvmError('ABORTED', 'the dial was cancelled');
  const deadline = AbortSignal.timeout(CONNECT_TIMEOUT_MS);
  const either = AbortSignal.any([deadline, signal]);
  const socket = connect({ host, port, noDelay: true });
  const abort = () => socket.destroy(new Error(`no connection within ${CONNECT_TIMEOUT_MS} ms`));
  either.addEventListener('abort', abort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.removeAllListeners('error');
    return socket;
  } catch (cause) {
    socket.destroy();
    if (signal.aborted) throw new VzvmError('ABORTED', 'the dial was cancelled', { cause });
    throw new VzvmError('DIAL_FAILED', `no connection to the guest at ${host}:${port}`, {
      facts: { host, port },
      retry: 'safe',
      hint: `the guest may still be booting; see whether anything answers: nc -vz ${host} ${port}`,
      cause,
    });
  } finally {
    either.removeEventListener('abort', abort);
  }
}
