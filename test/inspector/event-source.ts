import type { InspectorRecord } from '../../src/inspector/index.ts';

interface Message {
  readonly type: string;
  readonly data: string;
  readonly id: string | undefined;
}

/** Reads a stream of server-sent events. */
export async function openEvents(url: string, headers: Record<string, string> = {}) {
  const leave = new AbortController();
  const response = await fetch(url, { headers, signal: leave.signal });
  if (!response.ok || !response.body) throw new Error(`no stream: ${response.status}`);
  const messages: Message[] = [];
  let wake = () => {};
  const read = (async () => {
    let rest = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + chunk).split('\n\n');
      rest = parts.pop() ?? '';
      messages.push(...parts.map(messageOf));
      wake();
    }
  })().catch(() => undefined); // It was left.
  return {
    messages,
    records: (): InspectorRecord[] =>
      messages
        .filter(({ type }) => type === 'message')
        .flatMap(({ data }) => JSON.parse(data) as InspectorRecord[]),
    async until(what: string, is: (message: Message) => boolean): Promise<Message> {
      const end = AbortSignal.timeout(60_000);
      for (;;) {
        const found = messages.find(is);
        if (found) return found;
        if (end.aborted) throw new Error(`timed out waiting until ${what}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
          end.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    },
    [Symbol.asyncDispose]: async () => {
      leave.abort();
      await read;
    },
  };
}

function messageOf(text: string): Message {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1];
  const data = field('data');
  return {
    type: field('event') ?? (data === undefined ? 'comment' : 'message'),
    data: data ?? '',
    id: field('id'),
  };
}
