import type { ErrorEnvelope } from '@computeragent/protocol';

/** The harness rejected a request. */
export class HarnessProtocolError extends Error {
  override readonly name: string = 'HarnessProtocolError';
  /** The harness's own code, or `HTTP_<status>` where it sent none. */
  readonly code: string;
  readonly status: number;
  readonly details: unknown;

  constructor(message: string, init: { code: string; status: number; details?: unknown }) {
    super(message);
    this.code = init.code;
    this.status = init.status;
    this.details = init.details;
  }
}

class UnknownNameError extends HarnessProtocolError {
  /** What was asked for. */
  readonly requested: string;
  /** What there is. */
  readonly available: readonly string[];

  constructor(what: string, requested: string, init: { code: string; status: number; details?: unknown }) {
    const available = namesIn(init.details);
    const near = nearest(requested, available);
    const hint = near === undefined ? '' : ` Did you mean ${near}?`;
    super(`unknown ${what} ${requested}; available: ${available.join(', ') || 'none'}.${hint}`, init);
    this.requested = requested;
    this.available = available;
  }
}

/** The harness has no such engine. */
export class UnknownEngineError extends UnknownNameError {
  override readonly name = 'UnknownEngineError';
}

/** The harness has no such identity loader. */
export class UnknownLoaderError extends UnknownNameError {
  override readonly name = 'UnknownLoaderError';
}

/** The harness has no such kind of session store. */
export class UnknownStoreError extends UnknownNameError {
  override readonly name = 'UnknownStoreError';
}

/** What was asked for, so that an unknown name can be told with its nearest. */
export interface Requested {
  readonly engine?: string;
  readonly loader?: string;
  readonly store?: string;
}

/** The error that a rejected response is. */
export async function errorOf(
  response: Response,
  what: string,
  requested: Requested = {},
): Promise<HarnessProtocolError> {
  const text = await response.text().catch(() => '');
  const envelope = envelopeIn(text);
  const { status } = response;
  if (!envelope) {
    return new HarnessProtocolError(`${what}: status ${status}: ${text.slice(0, 500)}`, {
      code: `HTTP_${status}`,
      status,
    });
  }
  const init = { ...envelope.error, status };
  if (init.code === 'UNKNOWN_ENGINE') return new UnknownEngineError('engine', requested.engine ?? '', init);
  if (init.code === 'UNKNOWN_LOADER')
    return new UnknownLoaderError('identity loader', requested.loader ?? '', init);
  if (init.code === 'UNKNOWN_STORE')
    return new UnknownStoreError('session store', requested.store ?? '', init);
  return new HarnessProtocolError(`${what}: ${init.message}`, init);
}

function envelopeIn(text: string): ErrorEnvelope | undefined {
  try {
    const value = JSON.parse(text) as Partial<ErrorEnvelope> | null;
    return typeof value?.error?.code === 'string' ? (value as ErrorEnvelope) : undefined;
  } catch {
    return undefined;
  }
}

function namesIn(details: unknown): readonly string[] {
  const available = (details as { available?: unknown } | undefined)?.available;
  return Array.isArray(available) ? available.filter((name): name is string => typeof name === 'string') : [];
}

function nearest(written: string, names: readonly string[]): string | undefined {
  const limit = Math.max(2, Math.floor(written.length / 3));
  const ranked = names
    .map((name) => ({ name, distance: editDistance(written, name) }))
    .toSorted((a, b) => a.distance - b.distance);
  return ranked[0] !== undefined && ranked[0].distance <= limit ? ranked[0].name : undefined;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swapped = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
