import type {
  ComputerAgent,
  ComputerAgentOptions,
  HostSessionStore,
  TranscriptRecord,
} from '../../src/index.ts';
import { agentOn } from './agent.ts';
import { ScriptedHarness } from './scripted-harness.ts';
import { KEY, ScriptedTranscript } from './transcript.ts';

/** What a scripted harness writes of these entries. */
export const record = (...entries: unknown[]): TranscriptRecord => ({ key: KEY, entries });

/** A store in memory, which a test may have do something else. */
class MemoryStore implements HostSessionStore {
  readonly records: TranscriptRecord[];
  append = async (_: string, records: readonly TranscriptRecord[]): Promise<void> => {
    this.records.push(...records);
  };

  constructor(...records: TranscriptRecord[]) {
    this.records = records;
  }

  load(): TranscriptRecord[] {
    return [...this.records];
  }
}

/** A scripted harness whose transcripts are kept on the host, in a store that holds these records. */
export async function storedHarness(...records: TranscriptRecord[]) {
  const harness = await ScriptedHarness.start();
  const transcript = ScriptedTranscript.on(harness);
  const sessionStore = new MemoryStore(...records);
  return {
    harness,
    transcript,
    sessionStore,
    /** An agent on it, with that store. To be disposed of before it. */
    agent: (options: Partial<ComputerAgentOptions> = {}): ComputerAgent =>
      agentOn(harness.url, { sessionStore, ...options }),
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  };
}
