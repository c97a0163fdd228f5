import { ComputerAgent } from '@computeragent/sdk';
import { request } from 'undici';
import { startServer, type ServerProcess } from './server-process.ts';
import { used } from './used.ts';

/** What one long turn took, from its message to its last event. */
export interface Throughput {
  readonly events: number;
  /** As they are on the wire, without what HTTP adds. */
  readonly bytes: number;
  readonly ms: number;
  /** Of the process that reads. */
  readonly readerCpuMs: number;
  readonly serverCpuMs: number;
}

/** A turn to read. */
export interface Turn {
  readonly events: number;
  /** Of the text of each event. */
  readonly bytes: number;
}

type Read = (url: string, turn: Turn) => Promise<{ readonly events: number; readonly bytes: number }>;

const INLINE = { type: 'inline', manifest: { name: 'bench', version: '1.0.0' } } as const;

/** How a user reads: the SDK, to the body of the loop. */
const bySdk: Read = async (url, turn) => {
  await using agent = new ComputerAgent({ source: INLINE, harness: 'talkative', harnessUrl: url });
  let events = 0;
  for await (const _ of agent.chat(JSON.stringify(turn))) events += 1;
  return { events, bytes: 0 };
};

/** The floor: the same bytes, and nothing is done with them. */
const byHand: Read = async (url, turn) => {
  const created = await request(`${url}/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      engine: 'talkative',
      identity: { loader: 'gitagentprotocol', source: INLINE },
      messages: [{ role: 'user', content: JSON.stringify(turn) }],
    }),
  });
  const { sessionId } = (await created.body.json()) as { sessionId: string };
  const { body } = await request(`${url}/v1/sessions/${sessionId}/events`);
  let bytes = 0;
  for await (const chunk of body) bytes += (chunk as Buffer).byteLength;
  const removed = await request(`${url}/v1/sessions/${sessionId}`, { method: 'DELETE' });
  await removed.body.dump();
  return { events: turn.events, bytes };
};

/** Reads a turn, after some that nobody counts. */
export async function measureThroughput(how: 'sdk' | 'floor', turn: Turn, warmUp = 3): Promise<Throughput> {
  await using server = await startServer();
  const read = how === 'sdk' ? bySdk : byHand;
  for (let n = 0; n < warmUp; n++) await read(server.url, { ...turn, events: Math.ceil(turn.events / 4) });
  return await taken(server, () => read(server.url, turn), turn);
}

async function taken(server: ServerProcess, read: () => ReturnType<Read>, turn: Turn): Promise<Throughput> {
  const before = await server.used();
  const { cpuMs } = used();
  const started = performance.now();
  const { bytes } = await read();
  const ms = performance.now() - started;
  const readerCpuMs = cpuNow() - cpuMs;
  const after = await server.used();
  return { events: turn.events, bytes, ms, readerCpuMs, serverCpuMs: after.cpuMs - before.cpuMs };
}

function cpuNow(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
