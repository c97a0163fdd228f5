import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { reachServer } from '../../src/ssh/reach-server.ts';
import { until } from '../helpers/until.ts';

const never = new AbortController().signal;

/** Accepts everything; what becomes of the connection of each number is the test's. */
async function server(onConnection: (socket: Socket, number: number) => void) {
  const open = new Set<Socket>();
  let count = 0;
  const listening = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
    onConnection(socket, (count += 1));
  }).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  return {
    open,
    count: () => count,
    dial: async (signal: AbortSignal): Promise<Duplex> => {
      const socket = connect({ port, host: '127.0.0.1', signal });
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      return socket;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      listening.close();
      await once(listening, 'close');
    },
  };
}

const options = { timeoutMs: 30_000, nextMs: 10, signal: never };

describe('reachServer', () => {
  it('opens connections beside those that were swallowed, and closes them', async () => {
    await using guest = await server((socket, number) => number === 4 && socket.write('SSH-2.0-x\r\n'));
    const stream = await reachServer({ ...options, dial: guest.dial });
    expect(String(await once(stream.resume(), 'data'))).toBe('SSH-2.0-x\r\n');
    await until('one is open', () => guest.open.size === 1);
    stream.destroy();
    await until('none is open', () => guest.open.size === 0);
    expect(guest.count()).toBeGreaterThanOrEqual(4);
  });

  it('keeps the first of two that answer at the same time', async () => {
    await using guest = await server((_, number) => {
      if (number === 2) for (const socket of guest.open) socket.write('SSH-2.0-x\r\n');
    });
    const stream = await reachServer({ ...options, dial: guest.dial });
    await until('one is open', () => guest.open.size === 1);
    expect(stream.destroyed).toBe(false);
    stream.destroy();
    await until('none is open', () => guest.open.size === 0);
  });

  it('takes a refusal for an answer, whatever else is open', async () => {
    await using guest = await server((socket, number) => number === 3 && socket.end());
    await expect(reachServer({ ...options, dial: guest.dial })).rejects.toMatchObject({
      code: 'SSH_UNREACHABLE',
      retry: 'safe',
    });
    await until('none is open', () => guest.open.size === 0);
  });

  it('opens no second one where the first answers in time', async () => {
    await using guest = await server((socket) => socket.write('SSH-2.0-x\r\n'));
    const stream = await reachServer({ ...options, nextMs: 60_000, dial: guest.dial });
    stream.destroy();
    await until('none is open', () => guest.open.size === 0);
    expect(guest.count()).toBe(1);
  });

  it('leaves nothing open at the deadline of the first, and at an abort', async () => {
    await using silent = await server(() => undefined);
    await expect(reachServer({ ...options, timeoutMs: 60, dial: silent.dial })).rejects.toMatchObject({
      code: 'SSH_UNREACHABLE',
      facts: { timeoutMs: 60 },
    });
    await until('none is open', () => silent.open.size === 0);
    const abort = new AbortController();
    const reaching = reachServer({ ...options, dial: silent.dial, signal: abort.signal });
    await until('three are open', () => silent.open.size >= 3);
    abort.abort();
    await expect(reaching).rejects.toMatchObject({ code: 'ABORTED' });
    await until('none is open', () => silent.open.size === 0);
  });

  it('closes what a dial brings that nobody waits for any more', async () => {
    await using guest = await server((socket) => socket.write('SSH-2.0-x\r\n'));
    const late = Promise.withResolvers<Duplex>();
    let dials = 0;
    const dial = (signal: AbortSignal) => ((dials += 1) === 1 ? late.promise : guest.dial(signal));
    const stream = await reachServer({ ...options, dial });
    const other = await guest.dial(never);
    late.resolve(other);
    await until('the late one is closed', () => other.destroyed);
    expect(stream.destroyed).toBe(false);
    stream.destroy();
    await until('none is open', () => guest.open.size === 0);
  });
});
