#!/usr/bin/env node
import { runCli } from './cli.ts';

// The first signal ends what is under way and what it has started; Node's own answer to a second one is the end.
const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => abort.abort());

const status = await runCli(process.argv.slice(2), {
  signal: abort.signal,
  env: process.env,
  stdin: process.stdin,
  out: (text) => void process.stdout.write(text),
  log: (line) => void process.stderr.write(`${line}\n`),
  terminal: process.stderr,
});

// An open standard input must not keep whoever asked.
process.stdout.write('', () => process.exit(status));
