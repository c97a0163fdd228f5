import { ComputerAgent } from '@computeragent/sdk';

const AGENT = { type: 'inline', manifest: { name: 'bench', version: '0.0.0' } } as const;

/**
 * What a client does first, over the harness alone: creates a session, writes a file in the guest and reads it back.
 * No model is asked.
 */
export async function firstCommand(baseUrl: string): Promise<void> {
  await using agent = new ComputerAgent({
    source: AGENT,
    harness: 'claude-agent-sdk',
    harnessUrl: baseUrl,
  });
  await agent.ensureSession();
  await agent.writeArtifact('answer.txt', 'hello');
  const answer = await agent.fetchArtifactText('answer.txt');
  if (answer !== 'hello') throw new Error(`the guest answered ${JSON.stringify(answer)}`);
}
