// The real harness in a process of its own, with an engine that says as much as it is asked for. Told by IPC to say
// what it has used. Ends with its parent.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, type Engine, gitAgentProtocolLoader, listen } from '@computeragent/harness';
import { used } from './used.ts';

/** What a message asks for. */
interface Order {
  readonly events: number;
  readonly bytes: number;
}

const engine: Engine = {
  name: 'talkative',
  capabilities: {
    streamingInput: true,
    partialMessages: true,
    permissionCallback: false,
    sessions: false,
    budget: false,
  },
  async run({ input, message, usage }) {
    for await (const { content } of input) {
      const order = JSON.parse(content as string) as Order;
      const text = 'x'.repeat(order.bytes);
      for (let n = 1; n <= order.events; n++) message({ type: 'stream_event', n, text });
      usage({ outputTokens: order.events });
      message({ type: 'result', result: order.events });
    }
    return 'complete';
  },
};

const folder = await mkdtemp(join(tmpdir(), 'bench-stream-'));
const app = createApp({
  engines: [engine],
  loaders: [gitAgentProtocolLoader()],
  workdirBase: folder,
  maxSessions: Infinity,
});
const server = await listen(app, '127.0.0.1', 0);

process.on('message', () => process.send?.(used()));
process.once('disconnect', () => void end());
process.send?.({ url: `http://127.0.0.1:${server.port}` });

async function end(): Promise<void> {
  await server.close();
  await rm(folder, { recursive: true, force: true });
  process.exit(0);
}
