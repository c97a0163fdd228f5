import type { Engine } from '@computeragent/harness';

/** An engine that does what the test says, and asks before it does. */
export const scriptedEngine = (run: Engine['run']): Engine => ({
  name: 'scripted',
  capabilities: {
    streamingInput: true,
    partialMessages: false,
    permissionCallback: true,
    sessions: false,
    budget: false,
  },
  run,
});
