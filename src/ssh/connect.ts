import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { NodeSSH, type Config } from 'node-ssh';
import { messageOf, VzvmError } from '../errors.ts';
import { unreachable } from './banner.ts';
import { aborted } from './bounded.ts';
import { Connection, type SshConnection } from './connection.ts';
import { reachServer } from './reach-server.ts';

/** How a guest is logged in to. */
export type SshAuth = { readonly privateKey: string } | { readonly password: string };

/** How an SSH connection is opened. */
export interface ConnectOptions {
  /** Opens the byte stream that SSH runs over. */
  readonly dial: (signal: AbortSignal) => Promise<Duplex>;
  readonly user: string;
  readonly auth: SshAuth;
  /** Fingerprint of the only host key to accept; any, when undefined. */
  readonly pinnedHostKey?: string;
  /** Asked about the host key where none is pinned, before anything is sent that proves who we are; it rejects to refuse. */
  readonly onHostKey?: ((fingerprint: string) => Promise<void>) | undefined;
  /** Deadline of the dial, and then of the banner. Default 5 s. */
  readonly bannerTimeoutMs?: number;
  /** While nothing answers, another connection is opened beside the silent ones so often. Default 1.5 s. */
  readonly nextDialMs?: number;
  /** Deadline of key exchange and login together. Default 60 s: a guest under emulation is slow. */
  readonly handshakeTimeoutMs?: number;
  /** Between two keep-alives; three unanswered ones end the connection. Default 15 s. */
  readonly keepAliveMs?: number;
  readonly signal: AbortSignal;
}

/**
 * Connects and logs in.
 * @throws VzvmError SSH_UNREACHABLE (retry "safe"), SSH_AUTH_FAILED, SSH_HOST_KEY_CHANGED, SSH_KEY_UNREADABLE, ABORTED.
 */
export async function connectSsh(options: ConnectOptions): Promise<SshConnection> {
  const { dial, bannerTimeoutMs = 5_000, nextDialMs, signal } = options;
  const stream = await reachServer({ dial, timeoutMs: bannerTimeoutMs, nextMs: nextDialMs, signal });
  try {
    return await handshake(stream, options);
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

async function handshake(stream: Duplex, options: ConnectOptions): Promise<SshConnection> {
  const { signal } = options;
  if (signal.aborted) throw aborted('SSH', signal.reason);
  const ssh = new NodeSSH();
  const seen: { hostKey?: string; refusal?: unknown } = {};
  const hostVerifier = (key: Buffer, verify: (isAccepted: boolean) => void) => {
    const hostKey = fingerprint(key);
    seen.hostKey = hostKey;
    judge(hostKey, options).then(verify, (error: unknown) => {
      seen.refusal = error;
      verify(false);
    });
  };
  const connecting = ssh.connect({ ...settings(options), sock: stream, hostVerifier });
  const client = ssh.connection;
  client?.on('error', () => undefined);
  // Small requests that wait for each other: without it each costs a delayed acknowledgement, about 40 ms.
  client?.setNoDelay(true);
  const onAbort = () => stream.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await connecting;
    if (!client || seen.hostKey === undefined) throw unreachable('the connection was lost at once', {});
    return new Connection(client, stream, seen.hostKey);
  } catch (error) {
    throw seen.refusal ?? explain(error, options, seen.hostKey);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function judge(hostKey: string, { pinnedHostKey, onHostKey }: ConnectOptions): Promise<boolean> {
  if (pinnedHostKey !== undefined) return pinnedHostKey === hostKey;
  await onHostKey?.(hostKey);
  return true;
}

function settings(options: ConnectOptions): Config {
  return {
    username: options.user,
    readyTimeout: options.handshakeTimeoutMs ?? 60_000,
    keepaliveInterval: options.keepAliveMs ?? 15_000,
    keepaliveCountMax: 3,
    ...('password' in options.auth
      ? passwordLogin(options.auth.password)
      : { privateKey: options.auth.privateKey }),
  };
}

/** Many images ask for the password by keyboard-interactive alone (PAM). */
function passwordLogin(password: string): Config {
  return {
    password,
    tryKeyboard: true,
    onKeyboardInteractive: (_name, _instructions, _language, prompts, finish) =>
      finish(prompts.map((prompt) => (prompt.echo ? '' : password))),
  };
}

/** The fingerprint as ssh-keygen -l prints it. */
function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function explain(error: unknown, options: ConnectOptions, seenHostKey: string | undefined): VzvmError {
  if (options.signal.aborted) return aborted('SSH', error);
  if (error instanceof VzvmError) return error;
  const { user, pinnedHostKey } = options;
  if (seenHostKey !== undefined && pinnedHostKey !== undefined && seenHostKey !== pinnedHostKey) {
    return new VzvmError('SSH_HOST_KEY_CHANGED', 'the guest shows another host key than at first contact', {
      facts: { expected: pinnedHostKey, seen: seenHostKey },
      hint: 'something else answers at the address of the guest: dispose the VM and boot a new one',
      cause: error,
    });
  }
  const level = error instanceof Error && 'level' in error ? error.level : undefined;
  if (level === 'client-authentication') return loginRefused(user, 'password' in options.auth, error);
  if (/cannot parse privateKey/i.test(messageOf(error))) {
    return new VzvmError('SSH_KEY_UNREADABLE', messageOf(error), {
      hint: 'check the key: ssh-keygen -y -f KEY',
      cause: error,
    });
  }
  return unreachable(messageOf(error), {}, error);
}

function loginRefused(user: string, byPassword: boolean, cause: unknown): VzvmError {
  return new VzvmError('SSH_AUTH_FAILED', `the guest refused the login of ${user}`, {
    facts: { user, method: byPassword ? 'password' : 'private key' },
    hint: byPassword
      ? "check sshUser and sshPassword, and that the image's sshd allows PasswordAuthentication"
      : "check sshUser and sshPrivateKeyPath: the key must be in the image's ~/.ssh/authorized_keys",
    cause,
  });
}
