/** The demo's agent: an inline identity, so that nothing has to be cloned. */
export const demoAgent = {
  source: {
    type: 'inline' as const,
    manifest: { name: 'writer', version: '0.1.0', description: 'Writes small files.' },
    files: {
      'SOUL.md': 'You write exactly the file you are asked for, with the Write tool, and nothing else.',
    },
  },
  harness: 'claude-agent-sdk',
  options: { permissionMode: 'bypassPermissions', settingSources: ['project'] },
};
