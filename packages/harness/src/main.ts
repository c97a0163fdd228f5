import { createApp } from './app.ts';
import { type BootConfig, configFromEnv, configFromStdin } from './boot/config.ts';
import { listen, type Listening } from './boot/listen.ts';
import { claudeEngine } from './engine/claude/claude-engine.ts';
import { messageOf, systemCode } from './errors.ts';
import { gitAgentProtocolLoader } from './identity/gitagentprotocol.ts';
import { createLog, redaction } from './log.ts';
import { VERSION } from './version.ts';

const CONFIG_TIMEOUT_MS = 30_000;
/** A shutdown that takes longer is ended: whoever asked waits three seconds, then kills. */
const SHUTDOWN_MS = 2_500;
const EXIT_PORT_TAKEN = 98;

async function main(): Promise<void> {
  const fromStdin = process.argv.includes('--config-stdin');
  const config = fromStdin
    ? await configFromStdin(process.stdin, CONFIG_TIMEOUT_MS)
    : configFromEnv(process.env);
  Object.assign(process.env, config.env);
  const listening = await start(config);
  endOnSignal(listening);
  const { host, port } = listening;
  process.stdout.write(
    `${JSON.stringify({ event: 'listening', host, port, pid: process.pid, version: VERSION })}\n`,
  );
}

async function start({ token, host, port, env }: BootConfig): Promise<Listening> {
  const redact = redaction([...Object.values(env), ...(token === undefined ? [] : [token])]);
  const log = createLog((line) => process.stderr.write(line), redact);
  // A stray rejection inside the engine's SDK is one session's trouble: the others and the files stay reachable.
  process.on('unhandledRejection', (reason) => log('unhandled', { message: messageOf(reason) }));
  const app = createApp({
    engines: [claudeEngine()],
    loaders: [gitAgentProtocolLoader()],
    token,
    engineEnv: env,
    limits: { cancelMs: 2_000 },
    log,
  });
  return listen(app, host, port);
}

function endOnSignal(listening: Listening): void {
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(1), SHUTDOWN_MS).unref();
    listening.close().then(() => process.exit(0), fail);
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}

function fail(error: unknown): void {
  const taken = systemCode(error) === 'EADDRINUSE';
  const code = taken ? 'PORT_TAKEN' : 'INTERNAL';
  process.stderr.write(`${JSON.stringify({ event: 'failed', code, message: messageOf(error) })}\n`);
  process.exit(taken ? EXIT_PORT_TAKEN : 1);
}

main().catch(fail);
