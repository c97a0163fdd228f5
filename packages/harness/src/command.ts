#!/usr/bin/env node
import { parseCommandLine, USAGE, UsageError } from './boot/command-line.ts';
import { EXIT } from './boot/exit-codes.ts';
import { firstLine } from './boot/first-line.ts';
import { fullApp } from './boot/full-app.ts';
import { HarnessProcess } from './boot/harness-process.ts';

const TOKEN_TIMEOUT_MS = 30_000;
const SHORTEST_TOKEN = 16;

async function main(argv: readonly string[]): Promise<void> {
  const { host, port, maxSessions, tokenFromStdin, help } = parseCommandLine(argv);
  if (help) return void process.stdout.write(`${USAGE}\n`);
  const harness = new HarnessProcess();
  try {
    const token = tokenFromStdin ? await readToken() : undefined;
    const { log, secrets } = harness;
    const listening = await harness.serve(fullApp({ token, env: {}, maxSessions }, log, secrets), host, port);
    process.stdout.write(`${JSON.stringify({ url: urlOf(listening) })}\n`);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    harness.fail(error);
  }
}

async function readToken(): Promise<string> {
  const token = (await firstLine(process.stdin, TOKEN_TIMEOUT_MS)).trim();
  if (token.length >= SHORTEST_TOKEN && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError(
    `the token on standard input must be one line of ${SHORTEST_TOKEN} or more visible characters`,
  );
}

/** Without the token: whoever gave it knows it, and this line may be kept in a log. */
function urlOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`computeragent-harness: ${error.message}\n\n${USAGE}\n`);
  process.exit(EXIT.usage);
}
