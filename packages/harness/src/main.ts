import type { HarnessApp } from './app.ts';
import { type BootConfig, configFromEnv, configFromStdin } from './boot/config.ts';
import { EXIT } from './boot/exit-codes.ts';
import { fullApp } from './boot/full-app.ts';
import { Lifeline } from './boot/lifeline.ts';
import { listen, type Listening, type ListeningLine } from './boot/listen.ts';
import { messageOf, systemCode } from './errors.ts';
import { createLog, Secrets } from './log.ts';
import { park } from './parked/park.ts';
import { preload } from './parked/preload.ts';
import { VERSION } from './version.ts';

const CONFIG_TIMEOUT_MS = 30_000;
/** A shutdown that takes longer is ended: whoever asked waits three seconds, then kills. */
const SHUTDOWN_MS = 2_500;

let listening: Listening | undefined;
let lifeline: Lifeline | undefined;
let ending = false;

async function main(): Promise<void> {
  if (process.argv.includes('--warm-up')) return warmUp();
  const fromStdin = process.argv.includes('--config-stdin');
  const config = fromStdin
    ? await configFromStdin(process.stdin, CONFIG_TIMEOUT_MS)
    : configFromEnv(process.env);
  process.on('SIGTERM', () => end(0));
  process.on('SIGINT', () => end(0));
  if (config.lifeline) lifeline = new Lifeline(process.stdin, () => end(0));
  const app = await appFor(config);
  listening = await listen(app, config.host, config.port);
  const { host, port } = listening;
  const line: ListeningLine = { event: 'listening', host, port, pid: process.pid, version: VERSION };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Runs all that a first session will, and ends: Node then writes down what it has compiled, for the next start. */
async function warmUp(): Promise<void> {
  const isWhole = await preload(createLog((line) => process.stderr.write(line), new Secrets().redact));
  process.exit(isWhole ? 0 : 1);
}

async function appFor(config: BootConfig): Promise<HarnessApp> {
  const secrets = new Secrets();
  const log = createLog((line) => process.stderr.write(line), secrets.redact);
  // A stray rejection inside the engine's SDK is one session's trouble: the others and the files stay reachable.
  process.on('unhandledRejection', (reason) => log('unhandled', { message: messageOf(reason) }));
  if (!config.parked) return fullApp(config, log, secrets);
  secrets.add([config.parked.secret]);
  return park(config.parked, { log, secrets, end });
}

/** Ends the sessions and the connections, then the process. The first reason holds. */
function end(exitCode: number): void {
  if (ending) return;
  ending = true;
  setTimeout(() => void leave(exitCode || 1), SHUTDOWN_MS).unref();
  Promise.resolve(listening?.close()).then(() => leave(exitCode), fail);
}

async function leave(exitCode: number): Promise<void> {
  try {
    await lifeline?.endChildren();
  } finally {
    process.exit(exitCode);
  }
}

function fail(error: unknown): void {
  const taken = systemCode(error) === 'EADDRINUSE';
  const code = taken ? 'PORT_TAKEN' : 'INTERNAL';
  process.stderr.write(`${JSON.stringify({ event: 'failed', code, message: messageOf(error) })}\n`);
  process.exit(taken ? EXIT.portTaken : 1);
}

main().catch(fail);
