import type { ChatResult } from './chat-handle.ts';
import { ComputerAgent } from './computer-agent.ts';
import type { ChatInput, ComputerAgentOptions } from './options.ts';

/** Options of {@link runTask}. */
export interface RunTaskOptions extends ComputerAgentOptions {
  readonly message: ChatInput;
}

/** One agent, one turn, always disposed. Check `ended.reason` of the result. */
export async function runTask(options: RunTaskOptions): Promise<ChatResult> {
  const { message, ...agentOptions } = options;
  await using agent = new ComputerAgent(agentOptions);
  return await agent.chat(message);
}
