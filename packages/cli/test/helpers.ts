import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import {
  createApp,
  type Engine,
  type EngineRun,
  gitAgentProtocolLoader,
  listen,
} from '@computeragent/harness';
import { runCli } from '../src/cli.ts';

/** What a command has said. */
export interface Said {
  readonly status: number;
  readonly out: string;
  readonly log: string;
}

/** What a command is given besides its words. */
export interface Given {
  readonly env?: Readonly<Record<string, string>>;
  /** What stands on its standard input; nothing when undefined. */
  readonly input?: string;
  /** Sits at a terminal and types this when asked. */
  readonly typed?: string;
  readonly signal?: AbortSignal;
  readonly onOut?: (text: string) => void;
}

/** Runs a command line in this process. */
export async function cli(argv: readonly string[], given: Given = {}): Promise<Said> {
  let [out, log] = ['', ''];
  const terminal = new Writable({
    write(chunk, _, done) {
      log += String(chunk);
      // Whoever types answers a question: typed before, it would be lost.
      if (String(chunk).endsWith('? ')) typing.write(given.typed ?? '');
      done();
    },
  });
  const typing = new PassThrough();
  const stdin =
    given.typed === undefined ? Readable.from([given.input ?? '']) : Object.assign(typing, { isTTY: true });
  const status = await runCli(argv, {
    signal: given.signal ?? new AbortController().signal,
    env: given.env ?? {},
    stdin,
    terminal,
    out: (text) => {
      out += text;
      given.onOut?.(text);
    },
    log: (line) => void (log += `${line}\n`),
  });
  return { status, out, log };
}

/** A harness that listens, with an engine that does what the test says. */
export async function harnessWith(run: (run: EngineRun) => Promise<void>, token?: string) {
  const folder = await mkdtemp(join(tmpdir(), 'cli-test-'));
  const capabilities = {
    streamingInput: true,
    partialMessages: true,
    permissionCallback: true,
    sessions: false,
    budget: false,
  };
  const engine: Engine = {
    name: 'claude-agent-sdk',
    capabilities,
    run: async (engineRun) => {
      await run(engineRun);
      return 'complete';
    },
  };
  const app = createApp({
    engines: [engine],
    loaders: [gitAgentProtocolLoader()],
    workdirBase: folder,
    token,
  });
  const server = await listen(app, '127.0.0.1', 0);
  return {
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** An agent on the command line. */
export const AGENT = 'inline:{"name":"a","version":"1.0.0"}';
