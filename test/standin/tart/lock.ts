import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Locks that vanish with the process that holds them, as the kernel's file locks do, which Node has no call for: a
 * listener on an abstract socket, whose name says what is locked.
 */
const socketOf = (what: string): string =>
  `\0tart-standin-${createHash('sha256').update(what).digest('hex').slice(0, 32)}`;

/** Takes a lock; undefined when another process has it. */
export async function tryLock(what: string): Promise<(() => void) | undefined> {
  const waiting = new Set<Socket>();
  const server: Server = createServer((socket) => {
    waiting.add(socket);
    socket.on('error', () => undefined).on('close', () => waiting.delete(socket));
    socket.unref();
    socket.write(`${process.pid}\n`);
  });
  server.listen(socketOf(what));
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
  server.unref();
  return () => {
    server.close();
    for (const socket of waiting) socket.destroy();
  };
}

/** Takes a lock, however long another process has it. `onWait` is called once when it does. */
export async function lock(what: string, onWait?: () => void): Promise<() => void> {
  for (let isFirst = true; ; isFirst = false) {
    const release = await tryLock(what);
    if (release) return release;
    if (isFirst) onWait?.();
    await untilReleased(what);
  }
}

/** The process that holds a lock. */
export async function holderOf(what: string): Promise<number | undefined> {
  const socket = connect(socketOf(what));
  try {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    return Number(String(chunk).trim());
  } catch {
    return undefined; // Nobody listens.
  } finally {
    socket.destroy();
  }
}

/** The other side goes away with the lock. */
async function untilReleased(what: string): Promise<void> {
  const socket = connect(socketOf(what));
  socket.on('error', () => undefined).resume();
  // Refused: it was released before we could ask, and `once` rejects for that.
  await once(socket, 'close').catch(() => undefined);
}
