/** The Claude Agent SDK. Loaded with the first session, so that the harness starts without it. */
export const loadSdk = () => import('@anthropic-ai/claude-agent-sdk');

/** What the SDK has. */
export type ClaudeSdk = Awaited<ReturnType<typeof loadSdk>>;
