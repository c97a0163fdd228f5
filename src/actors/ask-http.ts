import { Agent, type Dispatcher, request } from 'undici';
import { VzvmError } from '../errors.ts';
import { boundedText } from './bounded-text.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** Of what is small: what answers may be anything. */
const MOST_CHARACTERS = 64 * 1024;

/** For guests, whose harness is asked again and again. */
const kept = new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS } });

/** What is asked, and for how long. */
export interface HttpQuestion {
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Over all of it, from the connection to the last byte. */
  readonly timeoutMs: number;
  /** Of the answer; what is longer is cut. */
  readonly mostCharacters?: number;
  /** For this question alone: it is destroyed, with its connections, before this settles. */
  readonly agent?: Dispatcher;
}

/** What was answered, whatever its status. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * Asks by HTTP. While it connects, through a proxy above all, undici hears of no signal: so nobody waits for it.
 * @throws VzvmError ABORTED, COMMAND_TIMEOUT (retry "safe"), or what undici throws where there is no answer.
 */
export async function askHttp(url: URL | string, question: HttpQuestion): Promise<HttpAnswer> {
  const { signal, timeoutMs, agent } = question;
  const deadline = AbortSignal.timeout(timeoutMs);
  const over = AbortSignal.any([signal, deadline]);
  const cut = Promise.withResolvers<never>();
  const onOver = () => cut.reject(over.reason);
  cut.promise.catch(() => undefined); // Told by the race below.
  if (over.aborted) onOver();
  over.addEventListener('abort', onOver, { once: true });
  try {
    return await Promise.race([cut.promise, answered(url, question, over)]);
  } catch (cause) {
    if (signal.aborted) throw new VzvmError('ABORTED', 'waiting for an answer was cancelled', { cause });
    if (deadline.aborted) throw late(new URL(url).origin, timeoutMs, cause);
    throw cause;
  } finally {
    over.removeEventListener('abort', onOver);
    await agent?.destroy();
  }
}

async function answered(
  url: URL | string,
  { agent = kept, method = 'GET', headers, body, mostCharacters }: HttpQuestion,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const sent = { method, signal, dispatcher: agent };
  const response = await request(url, {
    ...sent,
    ...(headers === undefined ? {} : { headers }),
    ...(body === undefined ? {} : { body }),
  });
  return {
    status: response.statusCode,
    text: await boundedText(response.body, mostCharacters ?? MOST_CHARACTERS),
  };
}

function late(origin: string, timeoutMs: number, cause: unknown): VzvmError {
  return new VzvmError('COMMAND_TIMEOUT', `${origin} did not answer within ${timeoutMs} ms`, {
    facts: { origin, timeoutMs },
    retry: 'safe',
    hint: `see whether anything answers there: curl -v --max-time 10 ${origin}`,
    cause,
  });
}
