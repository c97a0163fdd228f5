import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ServerChannel } from 'ssh2';
import { createFakeDriver, type FakeDriver, type FakeDriverOptions } from '../../src/drivers/fake/index.ts';
import { RENEWED } from '../../src/guest/index.ts';
import { signalProcess, waitUntilGone } from '../../src/process/end-process.ts';
import type { VZVMSubstrateOptions } from '../../src/substrate/index.ts';
import { readPayload } from '../../src/substrate/payload.ts';
import { freePort } from './sshd.ts';
import { type ScriptedSshd, startScriptedSshd } from './scripted-sshd.ts';
import { tempDir } from './temp.ts';

/** A harness as far as its health, and its claim, in a few lines. */
const harness = (port: number, code: string) => `
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
createInterface({ input: process.stdin }).once('line', (line) => {
  const config = JSON.parse(line);
  console.log('up with', Object.keys(config.env ?? {}).join());
  ${code}
  createServer((request, response) => {
    if (request.method === 'POST' && existsSync('silent-claims')) return writeFileSync('silent-claims', 'seen');
    const isBroken = request.method === 'POST' && existsSync('no-claims');
    if (isBroken) rmSync('no-claims');
    response.writeHead(isBroken ? 500 : 200).end(JSON.stringify({ ok: true, state: 'ready' }));
  })
    .listen(${port}, '127.0.0.1');
});
`;

/** A guest without a VM: the fake driver, an SSH server that runs what it is told, a harness in a few lines. */
export interface FakeGuest extends AsyncDisposable {
  readonly driver: FakeDriver;
  /** What a substrate needs to boot it. */
  readonly options: VZVMSubstrateOptions;
  /** Ends the harness, as a crash would. */
  endHarness(): Promise<void>;
  /** Breaks every connection that is open. */
  cut(): void;
  /** Its SSH server, and where its harness listens: a driver in another process may lead to them. */
  readonly sshd: ScriptedSshd;
  readonly harnessPort: number;
  /** Lets the next claim fail. */
  breakClaims(): Promise<void>;
  /** Lets claims be answered no more. Answers whether one has come since. */
  silenceClaims(): Promise<() => Promise<boolean>>;
}

export async function startFakeGuest(
  options: FakeDriverOptions & {
    readonly harnessCode?: string;
    /** What root is asked to do is said to be done. */
    readonly pretendsRoot?: boolean;
  } = {},
): Promise<FakeGuest> {
  const temp = await tempDir();
  const port = await freePort();
  const directory = join(temp.path, 'harness');
  await mkdir(directory);
  const bundlePath = join(temp.path, 'bundle.mjs');
  await writeFile(bundlePath, harness(port, options.harnessCode ?? ''));
  // Its packages are there: nothing is to be installed on the machine that runs the tests.
  await writeFile(join(directory, '.packages-digest'), (await readPayload(bundlePath)).packagesDigest);
  /** The servers of those that were given a host key of their own, by their names. */
  const renewed = new Map<string, ScriptedSshd>();
  const onExec = (channel: ServerChannel, command: string): void => {
    const renew = async (given: Given) => {
      renewed.set(
        given['hostname'] ?? '',
        await startScriptedSshd({ hostKey: given['host-key'] ?? '', onExec }),
      );
    };
    const rootStatus = options.pretendsRoot ? 0 : 1;
    if (command.includes('as_root')) void pretend(channel, rootStatus, renew);
    else runLocally(channel, command, temp.path);
  };
  const sshd = await startScriptedSshd({ onExec });
  const sockets = new Set<Socket>();
  const driver = createFakeDriver({
    dial: async (guest) => {
      const socket = await (renewed.get(guest) ?? sshd).dial();
      sockets.add(socket.on('close', () => sockets.delete(socket)));
      return socket;
    },
    address: { host: '127.0.0.1', ports: { 7700: port } },
    ...options,
  });
  const endHarness = () => endProcess(join(directory, 'harness.pid'));
  return {
    driver,
    sshd,
    harnessPort: port,
    options: { driver, baseImage: 'fake', remoteWorkdir: directory, bundlePath, readinessPollMs: 5 },
    endHarness,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    breakClaims: () => writeFile(join(directory, 'no-claims'), ''),
    silenceClaims: async () => {
      await writeFile(join(directory, 'silent-claims'), '');
      return async () => (await readFile(join(directory, 'silent-claims'), 'utf8')) === 'seen';
    },
    [Symbol.asyncDispose]: async () => {
      await endHarness();
      await Promise.all([sshd, ...renewed.values()].map((each) => each[Symbol.asyncDispose]()));
      await temp[Symbol.asyncDispose]();
    },
  };
}

/** What a guest is given with its identity. */
type Given = Readonly<Record<string, string>>;

/** Says of what would change a machine that it was done, or was not; a new identity is in force then. */
async function pretend(
  channel: ServerChannel,
  status: number,
  renew: (given: Given) => Promise<void>,
): Promise<void> {
  const lines = (await text(channel)).split('\n').map((line) => line.split(' '));
  const given = Object.fromEntries(
    lines.map(([name = '', hex = '']) => [name, Buffer.from(hex, 'hex').toString()]),
  );
  if (status === 0 && given['host-key']) {
    await renew(given);
    channel.write(`${RENEWED}\n`);
  }
  channel.stderr.write('not on the machine that runs the tests\n');
  channel.exit(status);
  channel.end();
}

/** Runs a recipe as the guest would. */
function runLocally(channel: ServerChannel, command: string, home: string): void {
  const child = spawn('/bin/sh', ['-c', command], { cwd: home, env: { ...process.env, HOME: home } });
  child.stdin.on('error', () => undefined); // A recipe may end without reading its input.
  channel.on('data', (data: Buffer) => void child.stdin.write(data)).on('end', () => void child.stdin.end());
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  channel.on('close', () => child.kill('SIGKILL'));
  child.once('close', (code) => {
    channel.exit(code ?? 1);
    channel.end();
  });
}

async function endProcess(pidFile: string): Promise<void> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => '')); // Never started.
  if (!pid) return;
  signalProcess(pid, 'SIGKILL');
  await waitUntilGone(pid, 30_000);
}
