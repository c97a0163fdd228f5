import type { Socket } from 'node:net';
import { join } from 'node:path';
import { eventsSocket } from '../../../src/drivers/qemu/paths.ts';
import { answers, scriptedServer } from './scripted-qmp.ts';

/** Both QMP sockets of a guest that stops when it is told to, and goes on by `cont` where its host's disk has room. */
export async function scriptedGuest(folder: string) {
  const qmp = join(folder, 'qmp.sock');
  const listeners = new Set<Socket>();
  const commands: string[] = [];
  const waiting: (() => void)[] = [];
  const guest = { qmp, commands, hasRoom: false, status: 'running', looks: 0 };
  let isBusy = false;

  const tell = (name: string) => {
    for (const socket of listeners) socket.write(`${JSON.stringify({ event: name, timestamp: {} })}\r\n`);
  };
  const stop = (status: string) => {
    guest.status = status;
    tell('STOP');
  };
  const goOn = () => {
    guest.status = 'running';
    tell('RESUME');
    if (!guest.hasRoom) stop('io-error');
  };
  const told = await scriptedServer(eventsSocket(qmp), (socket) => {
    listeners.add(socket.on('close', () => listeners.delete(socket)));
    answers(socket, ({ execute }) => {
      if (execute !== 'query-status') return [{ return: {} }];
      guest.looks += 1;
      return [{ return: { status: guest.status } }];
    });
  });
  const commanded = await scriptedServer(qmp, (socket) => {
    const serve = () =>
      answers(socket, ({ execute }) => {
        commands.push(execute);
        if (execute === 'cont') goOn();
        return [{ return: { status: guest.status } }];
      });
    if (isBusy) waiting.push(serve);
    else serve();
  });

  return Object.assign(guest, {
    stop,
    /** Connections that are open to the socket that tells of events. */
    open: told.open,
    /** Lets whoever gives commands wait, as while somebody else does; answers how to let them in. */
    hold: () => {
      isBusy = true;
      return () => {
        isBusy = false;
        for (const serve of waiting.splice(0)) serve();
      };
    },
    waiting: () => waiting.length,
    async [Symbol.asyncDispose]() {
      await told[Symbol.asyncDispose]();
      await commanded[Symbol.asyncDispose]();
    },
  });
}
