import type { HarnessApp } from './app.ts';
import { type BootConfig, configFromEnv, configFromStdin } from './boot/config.ts';
import { fullApp } from './boot/full-app.ts';
import { HarnessProcess } from './boot/harness-process.ts';
import type { ListeningLine } from './boot/listen.ts';
import { processLog, Secrets } from './log.ts';
import { park } from './parked/park.ts';
import { preload } from './parked/preload.ts';
import { VERSION } from './version.ts';

const CONFIG_TIMEOUT_MS = 30_000;

async function main(harness: HarnessProcess): Promise<void> {
  const fromStdin = process.argv.includes('--config-stdin');
  const config = fromStdin
    ? await configFromStdin(process.stdin, CONFIG_TIMEOUT_MS)
    : configFromEnv(process.env);
  if (config.lifeline) harness.holdLifeline();
  const app = await appFor(config, harness);
  const { host, port } = await harness.serve(app, config.host, config.port);
  const line: ListeningLine = { event: 'listening', host, port, pid: process.pid, version: VERSION };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Runs all that a first session will, and ends: Node then writes down what it has compiled, for the next start. */
async function warmUp(): Promise<void> {
  const isWhole = await preload(processLog(new Secrets().redact));
  process.exit(isWhole ? 0 : 1);
}

async function appFor(config: BootConfig, harness: HarnessProcess): Promise<HarnessApp> {
  const { log, secrets, end } = harness;
  if (!config.parked) return fullApp(config, log, secrets);
  secrets.add([config.parked.secret]);
  const during: typeof harness.during = (work) => harness.during(work);
  return park(config.parked, { log, secrets, end, during, maxSessions: config.maxSessions });
}

if (process.argv.includes('--warm-up')) await warmUp();
else {
  const harness = new HarnessProcess();
  await main(harness).catch(harness.fail);
}
