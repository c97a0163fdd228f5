import {
  ComputerAgent,
  type ComputerAgentOptions,
  type HarnessEvent,
  type Substrate,
} from '../../src/index.ts';

/** An agent with short pauses, on a harness that runs already. */
export function agentOn(harnessUrl: string, options: Partial<ComputerAgentOptions> = {}): ComputerAgent {
  return new ComputerAgent({
    source: { type: 'inline', manifest: { name: 'n' } },
    harness: 'scripted',
    harnessUrl,
    reconnect: { pauseMs: 1 },
    ...options,
  });
}

/** What a substrate was asked for, and what became of it. */
export interface RecordedSubstrate extends Substrate {
  readonly boots: {
    readonly envs: Readonly<Record<string, string>>;
    readonly signal: AbortSignal | undefined;
  }[];
  shutdowns: number;
}

/** A substrate whose boot does what the test says and leads to a harness that runs already. */
export function substrateTo(
  url: string,
  boot: (signal: AbortSignal | undefined, count: number) => Promise<void> = () => Promise.resolve(),
): RecordedSubstrate {
  const substrate: RecordedSubstrate = {
    boots: [],
    shutdowns: 0,
    async bootHarness({ envs, signal }) {
      substrate.boots.push({ envs, signal });
      await boot(signal, substrate.boots.length);
      return { baseUrl: url, shutdown: () => Promise.resolve(void (substrate.shutdowns += 1)) };
    },
  };
  return substrate;
}

/** Never settles by itself; rejects with the signal's reason. */
export function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

export async function kindsOf(events: AsyncIterable<HarnessEvent>): Promise<string[]> {
  const kinds: string[] = [];
  for await (const event of events) kinds.push(event.kind);
  return kinds;
}
