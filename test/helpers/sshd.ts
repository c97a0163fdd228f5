import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { generateKeyPair } from '../../src/ssh/index.ts';
import { childrenOf, isRunning } from './processes.ts';
import { until } from './until.ts';

const SSHD = '/usr/sbin/sshd';

/** A real sshd of our own on a loopback port. */
export interface Sshd {
  readonly port: number;
  readonly pid: number;
  readonly user: string;
  readonly privateKey: string;
  /** SHA256:… as ssh-keygen prints it. */
  readonly hostKey: string;
  dial(): Promise<Socket>;
  log(): Promise<string>;
  /** Processes that serve logins now. */
  sessions(): number[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a real OpenSSH server as the user of the test; it and every login of it are gone after its disposal. */
export async function startSshd(extraConfig = ''): Promise<Sshd> {
  if (!existsSync(SSHD)) throw new Error(`${SSHD} is missing: sudo apt-get install -y openssh-server`);
  const directory = await mkdtemp(join(tmpdir(), 'vzvm-sshd-'));
  // sshd refuses keys and directories that others may write.
  await chmod(directory, 0o755);
  const user = generateKeyPair('test user');
  const hostKeyFile = join(directory, 'host_key');
  await writeFile(hostKeyFile, generateKeyPair('test host').privateKey, { mode: 0o600 });
  await writeFile(join(directory, 'authorized_keys'), `${user.publicKey}\n`, { mode: 0o600 });
  if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true });
  const port = await freePort();
  const logFile = join(directory, 'log');
  await writeFile(join(directory, 'config'), extraConfig + config(directory, port));
  const child = spawn(SSHD, ['-D', '-f', join(directory, 'config'), '-E', logFile], { stdio: 'ignore' });
  const pid = child.pid;
  if (pid === undefined) throw new Error('sshd could not be started');
  const exited = once(child, 'exit');
  const log = () => readFile(logFile, 'utf8');
  await until('sshd listens', async () => {
    if (child.exitCode !== null) throw new Error(`sshd ended at once: ${await log()}`);
    return accepts(port);
  });
  return {
    port,
    pid,
    user: userInfo().username,
    privateKey: user.privateKey,
    hostKey: fingerprintOf(hostKeyFile),
    dial: () => dial(port),
    log,
    sessions: () => childrenOf(pid),
    [Symbol.asyncDispose]: async () => {
      const logins = childrenOf(pid);
      child.kill('SIGTERM');
      await exited;
      for (const login of logins) if (isRunning(login)) process.kill(login, 'SIGTERM');
      await until('every login of sshd has ended', () => !logins.some(isRunning));
      await until('nothing listens any more', async () => !(await accepts(port)));
      await rm(directory, { recursive: true });
    },
  };
}

function config(directory: string, port: number): string {
  const settings = {
    ListenAddress: `127.0.0.1:${port}`,
    HostKey: join(directory, 'host_key'),
    AuthorizedKeysFile: join(directory, 'authorized_keys'),
    PidFile: 'none',
    UsePAM: 'no',
    StrictModes: 'no',
    PasswordAuthentication: 'no',
    PermitRootLogin: 'prohibit-password',
    LogLevel: 'VERBOSE',
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

function accepts(port: number): Promise<boolean> {
  return dial(port).then(
    (socket) => (socket.destroy(), true),
    () => false,
  );
}

let portsGiven = 0;

/** A port that nothing listens on at the moment. */
export async function freePort(): Promise<number> {
  for (;;) {
    // Below those that the system gives to whoever asks for any, and not of those of another process that runs tests: a
    // server of another test never gets it meanwhile.
    const wanted = 10_000 + (process.pid % 200) * 100 + (portsGiven++ % 100);
    const server = createServer().listen(wanted, '127.0.0.1');
    const isFree = await Promise.race([
      once(server, 'listening').then(() => true),
      once(server, 'error').then(() => false),
    ]);
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return wanted;
  }
}

function fingerprintOf(file: string): string {
  const { stdout } = spawnSync('ssh-keygen', ['-l', '-f', file], { encoding: 'utf8' });
  return stdout.split(' ')[1] ?? '';
}
