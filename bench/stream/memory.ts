import { setImmediate as breath } from 'node:timers/promises';
import { ComputerAgent } from '@computeragent/sdk';
import { startServer } from './server-process.ts';
import { used } from './used.ts';

/** What sessions that wait for their next message keep in memory. */
export interface IdleMemory {
  readonly sessions: number;
  readonly serverBytesPerSession: number;
  readonly readerBytesPerSession: number;
}

/** What a long turn takes while its reader is slow, beyond what there was before. */
export interface SlowMemory {
  readonly events: number;
  /** The most that the reader's process kept, with the events kept for later, and without. */
  readonly readerPeakBytes: number;
  readonly readerPeakBytesUnkept: number;
  /** The most that the harness kept. */
  readonly serverPeakBytes: number;
  /** Events that the harness had to drop. */
  readonly dropped: number;
}

const SOURCE = { type: 'inline', manifest: { name: 'bench', version: '1.0.0' } } as const;
const AT_A_TIME = 20;

/** Sessions that have had a turn each, and agents that hold them. */
export async function measureIdle(sessions: number): Promise<IdleMemory> {
  await using server = await startServer();
  const agents: ComputerAgent[] = [];
  const open = async (): Promise<void> => {
    const agent = new ComputerAgent({ source: SOURCE, harness: 'talkative', harnessUrl: server.url });
    await agent.chat(JSON.stringify({ events: 1, bytes: 100 }));
    agents.push(agent);
  };
  for (let n = 0; n < AT_A_TIME; n++) await open();
  const [serverBefore, readerBefore] = [await server.used(), used()];
  for (let n = 0; n < sessions; n += AT_A_TIME) {
    await Promise.all(Array.from({ length: Math.min(AT_A_TIME, sessions - n) }, open));
  }
  const [serverAfter, readerAfter] = [await server.used(), used()];
  for (const agent of agents) await agent.dispose();
  return {
    sessions,
    serverBytesPerSession: (serverAfter.heapBytes - serverBefore.heapBytes) / sessions,
    readerBytesPerSession: (readerAfter.heapBytes - readerBefore.heapBytes) / sessions,
  };
}

/** A reader that does something else after every thousand events. */
export async function measureSlow(events: number): Promise<SlowMemory> {
  const kept = await readSlowly(events, true);
  const unkept = await readSlowly(events, false);
  return {
    events,
    readerPeakBytes: kept.readerPeakBytes,
    readerPeakBytesUnkept: unkept.readerPeakBytes,
    serverPeakBytes: Math.max(kept.serverPeakBytes, unkept.serverPeakBytes),
    dropped: kept.dropped + unkept.dropped,
  };
}

async function readSlowly(events: number, keepEvents: boolean) {
  await using server = await startServer();
  await using agent = new ComputerAgent({ source: SOURCE, harness: 'talkative', harnessUrl: server.url });
  await agent.chat(JSON.stringify({ events: 100, bytes: 10 }));
  const [serverBefore, readerBefore] = [(await server.used()).heapBytes, used().heapBytes];
  let [taken, readerPeak, serverPeak] = [0, readerBefore, serverBefore];
  const chat = agent.chat(JSON.stringify({ events, bytes: 10 }), { keepEvents });
  for await (const _ of chat) {
    taken += 1;
    if (taken % 1000 !== 0) continue;
    // Time for all that could be read ahead to be read ahead.
    for (let n = 0; n < 20; n++) await breath();
    if (taken % 5000 !== 0) continue;
    serverPeak = Math.max(serverPeak, (await server.used()).heapBytes);
    readerPeak = Math.max(readerPeak, used().heapBytes);
  }
  const { dropped } = await chat;
  return { readerPeakBytes: readerPeak - readerBefore, serverPeakBytes: serverPeak - serverBefore, dropped };
}
