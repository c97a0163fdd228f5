import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildBundle } from '../../packages/harness/test/helpers/bundle.ts';
import { claimHarness } from '../../src/actors/claim.ts';
import { newIdentity } from '../../src/actors/new-identity.ts';
import { logTailCommand, parkedConfig, spawnCommand, stopCommand } from '../../src/guest/index.ts';
import { childrenOf, isRunning } from '../helpers/processes.ts';
import { sh } from '../helpers/sh.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/until.ts';
import { canIsolate, GUEST_USER, guestRoot } from './helpers/guest-root.ts';

const SECRET = 'the-secret-of-this-template';
const TOKEN = 'the-token-of-the-claim';
let directory: Awaited<ReturnType<typeof tempDir>>;
let bundle: string;
beforeAll(async () => {
  directory = await tempDir();
  bundle = await buildBundle(directory.path);
});
afterAll(() => directory[Symbol.asyncDispose]());

const config = (port: number, user?: string) =>
  parkedConfig({
    host: '127.0.0.1',
    port,
    secret: SECRET,
    ...(user === undefined ? {} : { renewFor: { user } }),
  });
const stateOf = async (url: string): Promise<unknown> => {
  const health = await fetch(`${url}/v1/health`).catch(() => undefined);
  return health && ((await health.json()) as { state?: string }).state;
};

it('is one line, with a command only for a machine that is to be renewed', () => {
  expect(JSON.parse(config(7700))).toEqual({ host: '127.0.0.1', port: 7700, parked: { secret: SECRET } });
  const renewing = config(7700, 'admin');
  expect(renewing).not.toContain('\n');
  const { parked } = JSON.parse(renewing) as { parked: { renew: { command: string[] } } };
  expect(parked.renew.command.join(' ')).toMatch(/as_root perl -e .* admin$/s);
  expect(parked.renew.command.join(' ')).not.toContain(SECRET);
});

describe.runIf(canIsolate)('a machine with a parked harness', () => {
  it('waits beside a helper that goes with the harness, both started over the standard input of one command', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const place = { directory: directory.path };
    const started = await sh(spawnCommand({ ...place, nodePath: process.execPath }), {
      input: `${config(port, 'root')}\n`,
      env: { TMPDIR: directory.path },
    });
    expect(started).toMatchObject({ exitCode: 0, stderr: '' });
    const pid = Number(started.stdout);
    await until('it is parked', async () => (await stateOf(url)) === 'parked');
    const [shell = 0, ...others] = childrenOf(pid);
    expect(others).toEqual([]);
    const [helper = 0] = childrenOf(shell);
    for (const each of [pid, shell, helper]) {
      expect(await readFile(`/proc/${each}/cmdline`, 'utf8')).not.toContain(SECRET);
      expect(await readFile(`/proc/${each}/environ`, 'utf8')).not.toContain(SECRET);
    }
    expect((await sh(logTailCommand(place))).stdout).not.toContain(SECRET);
    expect((await sh(stopCommand(place))).exitCode).toBe(0);
    await until('all are gone', () => ![pid, shell, helper].some(isRunning));
    // For the next harness in this directory.
    expect(await readdir(join(place.directory, '.compile-cache'))).toHaveLength(1);
  });

  it('is another machine once its harness is claimed', { retry: 2 }, async () => {
    await using root = await guestRoot();
    const [program = '', ...args] = root.wrap([process.execPath, bundle, '--config-stdin']);
    const child = spawn(program, args, {
      env: { PATH: process.env['PATH'], HOME: root.path, TMPDIR: root.path },
    });
    const ended = once(child, 'exit');
    try {
      child.stdin.write(`${config(0, GUEST_USER.name)}\n`);
      const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
      const url = `http://127.0.0.1:${(JSON.parse(line) as { port: number }).port}`;
      const { identity } = newIdentity('ca-1-new');
      const claim = { token: TOKEN, env: {}, identity };
      const signal = new AbortController().signal;
      await claimHarness({ url, secret: SECRET, claim, signal, timeoutMs: 30_000 });
      expect(await stateOf(url)).toBe('ready');
      expect(await readFile(root.file('etc/machine-id'), 'utf8')).toBe(`${identity.machineId}\n`);
      expect(await readFile(root.file('home/.ssh/authorized_keys'), 'utf8')).toBe(
        `${identity.authorizedKey}\n`,
      );
      const answer = await fetch(`${url}/t/${TOKEN}/v1/sessions/x`);
      expect(answer.status).toBe(404);
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}
