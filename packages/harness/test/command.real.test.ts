import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../src/boot/command-line.ts';
import { claudeAgent } from './helpers/claude-session.ts';
import { rejection } from './helpers/harness.ts';

const COMMAND = fileURLToPath(new URL('../src/command.ts', import.meta.url));
const TOKEN = 'a-token-of-this-test';

/** The command as a process, with this on its standard input. */
function run(args: readonly string[], input = '') {
  const child = spawn(process.execPath, ['--conditions=source', COMMAND, ...args]);
  child.stdin.on('error', () => undefined).end(input);
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const stderr = text(child.stderr);
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  return { child, exited, stderr, [Symbol.asyncDispose]: stop };
}

describe('computeragent-harness', () => {
  it('says in one line where it listens, and ends when it is asked to', async () => {
    await using harness = run(['--port', '0']);
    const [line] = await once(harness.child.stdout.setEncoding('utf8'), 'data');
    const { url, ...more } = JSON.parse(line as string) as { url: string };
    expect(more).toEqual({});
    expect((await fetch(`${url}/v1/health`)).status).toBe(200);
    expect((await fetch(`${url}/v1/sessions/none`)).status).toBe(404);
    harness.child.kill('SIGTERM');
    expect(await harness.exited).toBe(0);
    await expect(fetch(`${url}/v1/health`)).rejects.toThrow('fetch failed');
  });

  it('demands the token that it is given, wherever it listens, and tells it nobody', async () => {
    await using harness = run(['--host', '0.0.0.0', '--port', '0', '--token-stdin'], `${TOKEN}\n`);
    const [line] = await once(harness.child.stdout.setEncoding('utf8'), 'data');
    const { url } = JSON.parse(line as string) as { url: string };
    const origin = url.replace('0.0.0.0', '127.0.0.1');
    expect((await fetch(`${origin}/v1/sessions/none`)).status).toBe(401);
    expect((await fetch(`${origin}/t/${TOKEN}/v1/sessions/none`)).status).toBe(404);
    harness.child.kill('SIGINT');
    expect(await harness.exited).toBe(0);
    expect(`${line as string}${await harness.stderr}`).not.toContain(TOKEN);
  });

  it('has as many sessions as it is told', async () => {
    await using harness = run(['--port', '0', '--max-sessions', '1']);
    const [line] = await once(harness.child.stdout.setEncoding('utf8'), 'data');
    const { url } = JSON.parse(line as string) as { url: string };
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(claudeAgent({ envs: {} }));
    const create = () => fetch(`${url}/v1/sessions`, { method: 'POST', headers, body });
    expect((await create()).status).toBe(201);
    expect(await rejection(create())).toEqual([429, 'TOO_MANY_SESSIONS']);
    harness.child.kill('SIGTERM');
    expect(await harness.exited).toBe(0);
  });

  it('refuses a token that is none, and a port that is taken', async () => {
    await using short = run(['--port', '0', '--token-stdin'], 'short\n');
    expect(await short.exited).toBe(64);
    expect(await short.stderr).not.toContain('short');
    await using first = run(['--port', '0']);
    const [line] = await once(first.child.stdout.setEncoding('utf8'), 'data');
    const { port } = new URL((JSON.parse(line as string) as { url: string }).url);
    await using second = run(['--port', port]);
    expect(await second.exited).toBe(98);
    expect(await second.stderr).toContain('PORT_TAKEN');
  });

  it('prints how it is used, also when it is used wrongly', async () => {
    await using help = run(['--help']);
    expect(await text(help.child.stdout)).toContain('usage: computeragent-harness');
    expect(await help.exited).toBe(0);
    await using wrong = run(['--prot', '1']);
    expect(await wrong.exited).toBe(64);
    expect(await wrong.stderr).toContain('unknown flag --prot: did you mean --port?');
  });
});

describe('the command line of a harness', () => {
  it.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost'])('allows %s without a token', (host) => {
    expect(parseCommandLine(['--host', host])).toMatchObject({ host, port: 7700, tokenFromStdin: false });
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', 'example.org', '128.0.0.1', '::2', ''])(
    'refuses %s without one',
    (host) => {
      expect(() => parseCommandLine([`--host=${host}`])).toThrow('--token-stdin');
      expect(parseCommandLine([`--host=${host}`, '--token-stdin']).host).toBe(host);
    },
  );

  it.each(['-1', '65536', '1e3', 'x', '', '0x10', '7700.5'])('refuses the port %s', (port) => {
    expect(() => parseCommandLine([`--port=${port}`])).toThrow('from 0 to 65535');
  });

  it('takes a number of sessions, and none by itself', () => {
    expect(parseCommandLine(['--max-sessions', '12']).maxSessions).toBe(12);
    expect(parseCommandLine([]).maxSessions).toBeUndefined();
  });

  it.each(['0', '-1', '1.5', '1e3', '', 'many', '9'.repeat(17)])('refuses %s sessions', (max) => {
    expect(() => parseCommandLine([`--max-sessions=${max}`])).toThrow(
      `--max-sessions ${max}: give a whole number from 1`,
    );
  });

  it.each([[['more']], [['--port']], [['--help=1']]])('refuses %s', (argv) => {
    expect(() => parseCommandLine(argv)).toThrow(/option|argument/i);
  });
});
