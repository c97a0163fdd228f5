import { access, constants } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { harnessNodeArgs, harnessProgram } from '@computeragent/harness/host';
import { LocalSubstrateError } from './errors.ts';

const ENGINE = '@anthropic-ai/claude-agent-sdk';

/** What Node is started with to be a harness. */
export async function programArgs(
  bundlePath: string | undefined,
  ours: string = harnessProgram,
): Promise<readonly string[]> {
  const flags = ['--config-stdin'];
  if (bundlePath === undefined) {
    checkEngine(ours);
    return [...harnessNodeArgs, ours, ...flags];
  }
  await checkReadable(bundlePath);
  return [bundlePath, ...flags];
}

/** The harness brings no engine: it is large, and its users have it or want another version. */
function checkEngine(program: string): void {
  try {
    if (findPackageJSON(ENGINE, program) !== undefined) return;
  } catch {
    // Said below: nothing of that name is installed.
  }
  throw new LocalSubstrateError('ENGINE_MISSING', `${ENGINE} is not installed where the harness finds it`, {
    facts: { harness: program },
    hint: `npm install ${ENGINE} @anthropic-ai/sdk @modelcontextprotocol/sdk`,
  });
}

async function checkReadable(bundlePath: string): Promise<void> {
  try {
    await access(bundlePath, constants.R_OK);
  } catch (cause) {
    throw new LocalSubstrateError('OPTION_INVALID', `the harness file ${bundlePath} cannot be read`, {
      facts: { option: 'bundlePath', value: bundlePath },
      hint: 'correct bundlePath, or leave it out',
      cause,
    });
  }
}
