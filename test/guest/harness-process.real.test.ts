import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  isAliveCommand,
  logTailCommand,
  spawnCommand,
  stopCommand,
  warmUpCommand,
  watchCommand,
} from '../../src/guest/index.ts';
import { isRunning } from '../helpers/processes.ts';
import { sh } from '../helpers/sh.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/until.ts';

const SECRET = `s3cr3t'"$\\ %s`;
const CONFIG = JSON.stringify({ token: SECRET, env: { LONG: 'x'.repeat(200_000) } });

/** Stands in for the harness: reads its line, says what it got, lives until it is ended; ends by itself when told. */
const STANDIN = `
import { createInterface } from 'node:readline';
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify({ got: createHash('sha256').update(line).digest('hex'), argv: process.argv.slice(2), ca: process.env.NODE_EXTRA_CA_CERTS }));
  const { mode } = JSON.parse(line);
  if (mode === 'crash') { console.error('it crashed'); process.exit(98); }
  if (mode === 'stubborn') { process.on('SIGTERM', () => {}); console.log('child ' + spawn('sleep', ['60'], { stdio: 'ignore' }).pid); }
}
setInterval(() => {}, 1000);
`;

async function harness(config = CONFIG) {
  const temp = await tempDir();
  const directory = join(temp.path, "a 'b' $c");
  await mkdir(directory);
  await writeFile(join(directory, 'harness.mjs'), STANDIN);
  const place = { directory };
  const spawned = await sh(spawnCommand({ ...place, caFile: '/some/ca.pem' }), {
    input: `${config}\n`,
    env: { NODE_EXTRA_CA_CERTS: undefined },
  });
  const pid = Number(spawned.stdout);
  return {
    place,
    spawned,
    pid,
    log: () => readFile(join(directory, 'harness.log'), 'utf8'),
    [Symbol.asyncDispose]: async () => {
      await sh(stopCommand(place));
      await temp[Symbol.asyncDispose]();
    },
  };
}

describe('spawnCommand', () => {
  it('starts the harness, lets the channel close while it lives, and hands it its configuration whole', async () => {
    await using it = await harness();
    // sh() resolved: nobody holds the outputs, as sshd needs it to close the channel.
    expect(it.spawned).toMatchObject({ exitCode: 0, stderr: '' });
    expect(isRunning(it.pid)).toBe(true);
    await until('the harness has its configuration', async () => (await it.log()).endsWith('}\n'));
    expect(JSON.parse(await it.log())).toEqual({
      got: createHash('sha256').update(CONFIG).digest('hex'),
      argv: ['--config-stdin'],
      ca: '/some/ca.pem',
    });
  });

  it('puts the secret into no command line, environment or file, and keeps the log private', async () => {
    await using it = await harness();
    await until('the harness has its configuration', async () => (await it.log()).endsWith('}\n'));
    expect(readFileSync(`/proc/${it.pid}/cmdline`, 'utf8')).not.toContain('s3cr3t');
    expect(readFileSync(`/proc/${it.pid}/environ`, 'utf8')).not.toContain('s3cr3t');
    const found = await sh('grep -rl s3cr3t "$WHERE"', { env: { WHERE: it.place.directory } });
    expect(found).toMatchObject({ exitCode: 1, stdout: '' });
    expect((await stat(join(it.place.directory, 'harness.log'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(it.place.directory, 'harness.pid'))).mode & 0o777).toBe(0o600);
  });

  it('ends an earlier harness first', async () => {
    await using first = await harness();
    const second = await sh(spawnCommand(first.place), { input: `${CONFIG}\n` });
    expect(second.exitCode).toBe(0);
    expect(isRunning(first.pid)).toBe(false);
    expect(isRunning(Number(second.stdout))).toBe(true);
  });

  it('names what the guest lacks', async () => {
    await using temp = await tempDir();
    const result = await sh(spawnCommand({ directory: temp.path, nodePath: '/none/node' }), {
      input: '{}\n',
    });
    expect(result).toMatchObject({ exitCode: 127, stderr: 'node: not found\n' });
    const missing = await sh(spawnCommand({ directory: join(temp.path, 'none') }), { input: '{}\n' });
    expect(missing.exitCode).not.toBe(0);
  });
});

describe('watchCommand', () => {
  it('lasts as long as the harness and prints the end of its log', async () => {
    await using it = await harness();
    expect((await sh(isAliveCommand(it.place))).exitCode).toBe(0);
    let ended = false;
    const watching = sh(watchCommand(it.place)).finally(() => (ended = true));
    await until('the harness has its configuration', async () => (await it.log()).endsWith('}\n'));
    expect(ended).toBe(false);
    process.kill(it.pid, 'SIGKILL');
    const watched = await watching;
    expect(watched).toMatchObject({ exitCode: 0, stderr: '' });
    expect(watched.stdout).toContain('--config-stdin');
    expect((await sh(isAliveCommand(it.place))).exitCode).toBe(1);
  });

  it('shows why a harness crashed at its start', async () => {
    await using it = await harness(JSON.stringify({ mode: 'crash' }));
    expect((await sh(watchCommand(it.place))).stdout).toMatch(/it crashed\n$/);
    expect((await sh(logTailCommand(it.place))).stdout).toMatch(/it crashed\n$/);
  });

  it('does not take another process with the recorded number for the harness', async () => {
    await using temp = await tempDir();
    await writeFile(join(temp.path, 'harness.pid'), `${process.pid}\n`);
    expect((await sh(isAliveCommand({ directory: temp.path }))).exitCode).toBe(1);
    expect(await sh(watchCommand({ directory: temp.path }))).toMatchObject({ exitCode: 0, stdout: '' });
    // Would end this test run if it did.
    expect((await sh(stopCommand({ directory: temp.path }))).exitCode).toBe(0);
  });
});

describe('stopCommand', () => {
  it('ends a harness that does not listen, with all that it started', async () => {
    await using it = await harness(JSON.stringify({ mode: 'stubborn' }));
    await until('it has a child', async () => /child \d+\n/.test(await it.log()));
    const child = Number(/child (\d+)/.exec(await it.log())?.[1]);
    expect((await sh(stopCommand({ ...it.place, graceMs: 300 }))).exitCode).toBe(0);
    await until('both are gone', () => !isRunning(it.pid) && !isRunning(child));
    expect((await sh(stopCommand(it.place))).exitCode).toBe(0);
  });
});

describe('the warm-up', () => {
  const WARM = `if (process.argv.includes('--warm-up')) console.log(process.env.NODE_COMPILE_CACHE);`;

  it('has Node keep what it compiles beside the harness', async () => {
    await using temp = await tempDir();
    await writeFile(join(temp.path, 'harness.mjs'), WARM);
    const { exitCode, stdout } = await sh(warmUpCommand({ directory: temp.path }));
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${temp.path}/.compile-cache\n` });
  });

  it('does not start a harness that knows of no such thing', async () => {
    await using temp = await tempDir();
    await writeFile(join(temp.path, 'harness.mjs'), `throw new Error('started');`);
    expect(await sh(warmUpCommand({ directory: temp.path }))).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: '',
    });
  });
});
