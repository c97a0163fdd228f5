#!/usr/bin/env node
import { VZVMSubstrate } from '../substrate/index.ts';
import { runCli } from './run.ts';

// The first signal ends what is under way and what it has made; Node's own answer to a second one is the end.
const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => abort.abort());

const status = await runCli(process.argv.slice(2), {
  signal: abort.signal,
  out: (line) => void process.stdout.write(`${line}\n`),
  log: (line) => void process.stderr.write(`${line}\n`),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  substrate: (options) => new VZVMSubstrate(options),
});

// A driver that hangs must not keep whoever asked: its command is ended with us.
process.stdout.write('', () => process.exit(status));
