import { ComputerAgent } from '@computeragent/sdk';

/** What is meant by the first command. */
export const FIRST_COMMAND =
  'a session is made in the guest and its folder, with the file that came with it, is listed: ensureSession(), listWorkdir()';

const FILE = 'SOUL.md';

/** The cheapest that a client of the public API can have done in the guest. No agent is started, and no model asked. */
export async function firstCommand(baseUrl: string, signal: AbortSignal): Promise<void> {
  await using agent = new ComputerAgent({
    source: { type: 'inline', manifest: { name: 'bench', version: '0.1.0' }, files: { [FILE]: 'Nothing.' } },
    harness: 'claude-agent-sdk',
    harnessUrl: baseUrl,
    signal,
  });
  await agent.ensureSession();
  const entries = await agent.listWorkdir();
  if (!entries.some(({ path }) => path === FILE)) throw new Error(`the guest has no ${FILE}`);
}
