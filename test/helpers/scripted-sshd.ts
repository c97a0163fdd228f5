import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import ssh2, { type AuthContext, type Connection as ServerConnection, type ServerChannel } from 'ssh2';
import { connectSsh, generateKeyPair, type SshConnection } from '../../src/ssh/index.ts';

/** What the server does; it accepts every login unless told otherwise. */
export interface Script {
  /** @defaultValue a new one */
  readonly hostKey?: string;
  readonly onAuth?: (context: AuthContext) => void;
  readonly onExec?: (channel: ServerChannel, command: string) => void;
  /** Told of what it is asked for after the login; it then answers nothing at all. */
  readonly onDeaf?: (asked: string) => void;
}

/** An SSH server in this process, for what a real one cannot be made to do. Closed at the end of its scope. */
export interface ScriptedSshd {
  readonly port: number;
  /** Ends every connection that is open. */
  hangUp(): void;
  dial(): Promise<Socket>;
  connect(): Promise<SshConnection>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startScriptedSshd(script: Script): Promise<ScriptedSshd> {
  const clients = new Set<ServerConnection>();
  const server = new ssh2.Server(
    { hostKeys: [script.hostKey ?? generateKeyPair('scripted').privateKey] },
    (client) => {
      clients.add(client);
      client.on('error', () => undefined).on('close', () => clients.delete(client));
      client.on('authentication', script.onAuth ?? ((context) => context.accept()));
      const { onDeaf } = script;
      if (onDeaf) {
        client.on('session', () => onDeaf('session')).on('tcpip', () => onDeaf('tcpip'));
        client.on('request', () => onDeaf('request'));
        return;
      }
      client.on('session', (acceptSession) => {
        const session = acceptSession();
        session.on('exec', (accept, _reject, { command }) => script.onExec?.(accept(), command));
      });
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const dial = async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  let ended: Promise<unknown> | undefined;
  const hangUp = () => clients.forEach((client) => client.end());
  return {
    port,
    hangUp,
    dial,
    connect: () =>
      connectSsh({ dial, user: 'x', auth: { password: 'x' }, signal: new AbortController().signal }),
    [Symbol.asyncDispose]: async () => {
      hangUp();
      ended ??= once(server, 'close');
      server.close();
      await ended;
    },
  };
}
