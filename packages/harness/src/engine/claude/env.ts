import { safeEnv } from '../../program/safe-env.ts';

/** What the engine needs beside what every program does: where its files are, and how to reach its models. */
const INHERITED = [
  'CLAUDE_CONFIG_DIR',
  'CLAUDE_CODE_USE_BEDROCK',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_BEDROCK_MODEL_ID',
  'AWS_ROLE_ARN',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_PROFILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_CONFIG_FILE',
] as const;

/**
 * The whole environment of the engine's process: what it inherits, then what was handed to the harness and the session.
 * `IS_SANDBOX` lets permissions be skipped as root too: the VM is the sandbox.
 */
export function claudeEnv(
  processEnv: Readonly<Record<string, string | undefined>>,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  return { IS_SANDBOX: '1', ...safeEnv(processEnv, INHERITED), ...given };
}
