import { createServer, type Server, type Socket } from 'node:net';

/** A QMP server whose answers are scripted: one line of output for each line of input, after a greeting. */
export async function scriptedServer(socketPath: string, onConnect: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    onConnect(socket);
  });
  await new Promise<void>((resolve) => void server.listen(socketPath, resolve));
  return {
    open: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

/** Greets, and answers each command with these messages. */
export function answers(socket: Socket, answer: (command: { execute: string }) => readonly object[]): void {
  socket.write('{"QMP": {"version": {}}}\r\n');
  socket.on('data', (data) => {
    for (const line of data.toString().trim().split('\n')) {
      for (const message of answer(JSON.parse(line) as { execute: string }))
        socket.write(`${JSON.stringify(message)}\r\n`);
    }
  });
}
