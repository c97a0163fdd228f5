import type { ErrorEnvelope } from '@computeragent/protocol';
import { HarnessProtocolError, UnknownEngineError, UnknownLoaderError, UnknownStoreError } from './errors.ts';

/** What was asked for, so that an unknown name can be told with its nearest. */
export interface Requested {
  readonly engine?: string;
  readonly loader?: string;
  readonly store?: string;
}

/** The error that a rejected request is. */
export function rejection(
  what: string,
  status: number,
  text: string,
  requested: Requested = {},
): HarnessProtocolError {
  const envelope = envelopeIn(text);
  if (!envelope) {
    const code = `HTTP_${status}`;
    return new HarnessProtocolError(`${what}: status ${status}: ${text.slice(0, 500)}`, { code, status });
  }
  const { code, message, details } = envelope.error;
  const init = { code, status, details };
  if (code === 'UNKNOWN_ENGINE') return new UnknownEngineError('engine', requested.engine ?? '', init);
  if (code === 'UNKNOWN_LOADER')
    return new UnknownLoaderError('identity loader', requested.loader ?? '', init);
  if (code === 'UNKNOWN_STORE') return new UnknownStoreError('session store', requested.store ?? '', init);
  return new HarnessProtocolError(`${what}: ${message}`, init);
}

function envelopeIn(text: string): ErrorEnvelope | undefined {
  try {
    const value = JSON.parse(text) as Partial<ErrorEnvelope> | null;
    return typeof value?.error?.code === 'string' ? (value as ErrorEnvelope) : undefined;
  } catch {
    return undefined; // Something before the harness answered: the status and the text are all there is.
  }
}
