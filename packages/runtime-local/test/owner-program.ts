// An agent in the middle of a turn, whose program is killed by a test: `owner-program.ts FOLDER MESSAGES_API_URL`.
import { ComputerAgent } from '@computeragent/sdk';
import { demoAgent } from '../../../examples/demo/agent.ts';
import { LocalSubstrate } from '../src/index.ts';

const [folder = '', apiUrl = ''] = process.argv.slice(2);
const env = { PATH: process.env['PATH'], HOME: folder, TMPDIR: `${folder}/tmp`, TEST_FOLDER: folder };
const agent = new ComputerAgent({
  ...demoAgent,
  options: { permissionMode: 'default' },
  envs: { ANTHROPIC_API_KEY: 'scripted', ANTHROPIC_BASE_URL: apiUrl, TEST_FOLDER: folder },
  runtime: new LocalSubstrate({ env, onLog: () => undefined }),
  // Said once the engine waits for it; never answered.
  onToolCall: ({ toolName }) => {
    process.stdout.write(`${toolName}\n`);
    return new Promise(() => undefined);
  },
});
await agent.chat('Write a file named hello.md that says hello.');
