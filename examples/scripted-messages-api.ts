import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A Messages API on loopback that plays one scene instead of asking a model. */
export interface ScriptedMessagesApi {
  /** Base URL, for `ANTHROPIC_BASE_URL`. */
  readonly url: string;
  /** Method and path of each request so far. */
  readonly requests: readonly string[];
  /** Ends the connections and frees the port. */
  close(): Promise<void>;
}

/** What the scripted agent writes. */
export const HELLO = { name: 'hello.md', text: '# Hello\n\nWritten by an agent in its own VM.\n' } as const;

/**
 * Starts a scripted Messages API, for where there is no API key. Without a scene of the caller's: An agent that has a Write tool says a few words and
 * writes {@link HELLO} into its working directory, then says that it is done. Everything else of the agent is real.
 */
export async function startScriptedMessagesApi(scene: Scene = helloScene): Promise<ScriptedMessagesApi> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${new URL(request.url ?? '/', 'http://localhost').pathname}`);
    answer(request, response, scene).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, requests, close };
}

/** What the model is asked, as far as a scene looks at it. */
export interface MessagesRequest {
  readonly model: string;
  readonly stream?: boolean;
  readonly system?: unknown;
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly tools?: readonly { readonly name: string }[];
}

/** What the model says: words, or the use of a tool. */
export type Block =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool_use'; readonly name: string; readonly input: Readonly<Record<string, unknown>> };

/** Chooses what the model says. */
export type Scene = (asked: MessagesRequest) => readonly Block[];

let count = 0;

async function answer(request: IncomingMessage, response: ServerResponse, scene: Scene): Promise<void> {
  const body = await text(request);
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  if (request.method !== 'POST')
    return json(response, 404, { type: 'error', error: { type: 'not_found_error' } });
  if (pathname.endsWith('/count_tokens')) return json(response, 200, { input_tokens: 1 });
  const asked = JSON.parse(body) as MessagesRequest;
  const blocks = scene(asked);
  const id = ++count;
  if (asked.stream === true) stream(response, [...eventsOf(asked.model, id, blocks)]);
  else json(response, 200, { ...messageOf(asked.model, id), content: blocks, stop_reason: 'end_turn' });
}

function helloScene(asked: MessagesRequest): readonly Block[] {
  if (answersTool(asked)) return [{ type: 'text', text: `Done: ${HELLO.name} is written.` }];
  const directory = workingDirectory(asked);
  const canWrite = asked.tools?.some(({ name }) => name === 'Write') === true;
  if (!canWrite || directory === undefined) return [{ type: 'text', text: 'Hello.' }];
  const input = { file_path: `${directory}/${HELLO.name}`, content: HELLO.text };
  return [
    { type: 'text', text: `I will write ${HELLO.name}.` },
    { type: 'tool_use', name: 'Write', input },
  ];
}

/** True when the newest message is a tool's result: then this turn's work is done. */
export function answersTool({ messages }: MessagesRequest): boolean {
  const content = messages.findLast(({ role }) => role === 'user')?.content;
  return Array.isArray(content) && content.some((block: { type?: string }) => block.type === 'tool_result');
}

/** The agent is told its working directory in words, somewhere in the prompt. */
function workingDirectory({ system, messages }: MessagesRequest): string | undefined {
  const prompt = JSON.stringify([system, messages]);
  return /working directory: ([^\\"\n]+)/i.exec(prompt)?.[1]?.trim();
}

function messageOf(model: string, id: number) {
  const usage = { input_tokens: 10, output_tokens: 5 };
  return {
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_sequence: null,
    usage,
  };
}

interface StreamEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

function* eventsOf(model: string, id: number, blocks: readonly Block[]): Generator<StreamEvent> {
  yield { type: 'message_start', message: { ...messageOf(model, id), stop_reason: null } };
  for (const [index, block] of blocks.entries()) yield* blockEvents(index, block);
  const stop = blocks.at(-1)?.type === 'tool_use' ? 'tool_use' : 'end_turn';
  yield {
    type: 'message_delta',
    delta: { stop_reason: stop, stop_sequence: null },
    usage: { output_tokens: 5 },
  };
  yield { type: 'message_stop' };
}

function* blockEvents(index: number, block: Block): Generator<StreamEvent> {
  if (block.type === 'text') {
    yield { type: 'content_block_start', index, content_block: { type: 'text', text: '' } };
    for (const part of block.text.split(/(?<= )/)) {
      yield { type: 'content_block_delta', index, delta: { type: 'text_delta', text: part } };
    }
  } else {
    const { name, input } = block;
    const tool = { type: 'tool_use', id: `toolu_${++count}`, name, input: {} };
    yield { type: 'content_block_start', index, content_block: tool };
    const delta = { type: 'input_json_delta', partial_json: JSON.stringify(input) };
    yield { type: 'content_block_delta', index, delta };
  }
  yield { type: 'content_block_stop', index };
}

function stream(response: ServerResponse, events: readonly StreamEvent[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  response.end();
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
