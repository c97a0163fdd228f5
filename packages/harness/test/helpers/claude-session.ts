/** Body of a create request for an inline agent on the Claude engine. */
export function claudeAgent(init: {
  readonly envs: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, string>>;
}) {
  const manifest = { name: 'writer', version: '1.0.0' };
  const source = { type: 'inline', manifest, files: init.files ?? {} };
  return {
    engine: 'claude-agent-sdk',
    identity: { loader: 'gitagentprotocol', source },
    streamingInput: true,
    envs: init.envs,
    options: init.options ?? {},
  };
}

/** What lets the engine's program talk to the scripted API and to nobody else, at home in a folder of the test. */
export function claudeEnvs(home: string, apiUrl: string): Record<string, string> {
  return {
    ANTHROPIC_BASE_URL: apiUrl,
    ANTHROPIC_API_KEY: 'sk-ant-scripted',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    HOME: home,
  };
}
