import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { guestConnection } from '../../src/actors/guest-connection.ts';
import type { VmSession } from '../../src/actors/session.ts';
import { startAnsweringGuest } from '../helpers/answering-guest.ts';
import { freePort, startSshd, type Sshd } from '../helpers/sshd.ts';
import { until } from '../helpers/until.ts';
import { startTestVm } from '../helpers/vm-session.ts';

const never = new AbortController().signal;

/** A server of the host that says one word to whoever connects. */
async function hostService() {
  const server = createServer((socket) => void socket.end('hello')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

/** A VM whose guest is a real sshd on this machine. */
async function realGuest(hostPorts: ReadonlyMap<number, number> = new Map()) {
  const sshd = await startSshd();
  const vm = await startTestVm({ dial: () => sshd.dial(), plan: { user: sshd.user, hostPorts } });
  vm.session.keys = { publicKey: '', privateKey: sshd.privateKey };
  return {
    vm,
    sshd,
    [Symbol.asyncDispose]: async () => {
      await vm[Symbol.asyncDispose]();
      await sshd[Symbol.asyncDispose]();
    },
  };
}

async function cut(sshd: Sshd, session: VmSession): Promise<void> {
  for (const login of sshd.sessions()) process.kill(login, 'SIGKILL');
  await until('the connection is lost', () => session.connection === undefined);
}

const heardAt = async (port: number): Promise<string> => {
  const socket = connect(port, '127.0.0.1');
  return text(socket);
};

const dials = (calls: readonly string[]) => calls.filter((call) => call.startsWith('dial')).length;

describe("a VM's connection", () => {
  it('is one for all who ask, also at the same time', async () => {
    await using guest = await startAnsweringGuest(() => undefined);
    await using vm = await startTestVm({ dial: () => guest.dial() });
    const [one, two] = await Promise.all([1, 2].map(() => guestConnection(vm.session, never)));
    expect(one).toBe(two);
    expect(await guestConnection(vm.session, never)).toBe(one);
    expect(dials(vm.driver.calls)).toBe(1);
  });

  it('is made again when it was lost, with the host key that was seen', async () => {
    await using guest = await realGuest();
    const { vm, sshd } = guest;
    const first = await guestConnection(vm.session, never);
    await cut(sshd, vm.session);
    const second = await guestConnection(vm.session, never);
    expect(second).not.toBe(first);
    expect(vm.session.hostKey).toBe(sshd.hostKey);
    await cut(sshd, vm.session);
    vm.session.hostKey = 'SHA256:other';
    await expect(guestConnection(vm.session, never)).rejects.toMatchObject({ code: 'SSH_HOST_KEY_CHANGED' });
  });

  it('is still made for the others when one of them no longer waits', async () => {
    await using guest = await startAnsweringGuest(() => undefined);
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const dial = async () => (await opened, guest.dial());
    await using vm = await startTestVm({ dial });
    const abort = new AbortController();
    const leaves = guestConnection(vm.session, abort.signal);
    const stays = guestConnection(vm.session, never);
    abort.abort();
    await expect(leaves).rejects.toMatchObject({ code: 'ABORTED' });
    open();
    const connection = await stays;
    expect(vm.session.connection).toBe(connection);
    expect(dials(vm.driver.calls)).toBe(1);
  });

  it('is given up when nobody waits for it, and made anew for the next one', async () => {
    await using guest = await startAnsweringGuest(() => undefined);
    await using vm = await startTestVm({ dial: () => guest.dial(), script: { dial: ['hang', 'ok'] } });
    const abort = new AbortController();
    const waiting = [1, 2].map(() => guestConnection(vm.session, abort.signal));
    abort.abort();
    const codes = await Promise.allSettled(waiting);
    expect(codes).toMatchObject([{ reason: { code: 'ABORTED' } }, { reason: { code: 'ABORTED' } }]);
    const connection = await guestConnection(vm.session, never);
    expect(vm.session.connection).toBe(connection);
    expect(dials(vm.driver.calls)).toBe(2);
  });

  it('tells everyone why it could not be made, and is tried again for the next one', async () => {
    await using guest = await startAnsweringGuest(() => undefined);
    await using vm = await startTestVm({
      dial: () => guest.dial(),
      script: { dial: [new Error('no'), 'ok'] },
    });
    const failed = await Promise.allSettled([1, 2].map(() => guestConnection(vm.session, never)));
    const refused = { status: 'rejected', reason: { code: 'SSH_UNREACHABLE', retry: 'safe' } };
    expect(failed).toMatchObject([refused, refused]);
    await guestConnection(vm.session, never);
  });

  it('is given up when the VM is released, which does not wait for a dial that hangs', async () => {
    await using vm = await startTestVm({ script: { dial: 'hang' } });
    const waiting = guestConnection(vm.session, never).catch((error: unknown) => error);
    expect(await vm.release()).toEqual([]);
    expect(await waiting).toMatchObject({ code: 'ABORTED' });
    await expect(guestConnection(vm.session, never)).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('is closed with the VM', async () => {
    await using guest = await realGuest();
    const connection = await guestConnection(guest.vm.session, never);
    expect(await guest.vm.release()).toEqual([]);
    await connection.closed;
    await until('the login has ended', () => guest.sshd.sessions().length === 0);
  });
});

describe('the ports of the host', () => {
  it('come with every connection, also with one that was made again', async () => {
    await using service = await hostService();
    const guestPort = await freePort();
    await using guest = await realGuest(new Map([[guestPort, service.port]]));
    const { vm, sshd } = guest;
    await guestConnection(vm.session, never);
    expect(await heardAt(guestPort)).toBe('hello');
    await cut(sshd, vm.session);
    await expect(heardAt(guestPort)).rejects.toThrow('ECONNREFUSED');
    await guestConnection(vm.session, never);
    expect(await heardAt(guestPort)).toBe('hello');
  });

  it('that are taken in the guest end the boot, and the connection with it', async () => {
    await using service = await hostService();
    await using guest = await realGuest(new Map([[service.port, service.port]]));
    await expect(guestConnection(guest.vm.session, never)).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      retry: 'unsafe',
      facts: { guestPort: service.port },
    });
    await until('the login has ended', () => guest.sshd.sessions().length === 0);
  });

  it('that the lost connection may still hold are asked for again', async () => {
    await using service = await hostService();
    await using guest = await realGuest(new Map([[service.port, service.port]]));
    guest.vm.session.portsForwarded = true;
    await expect(guestConnection(guest.vm.session, never)).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      retry: 'safe',
    });
  });
});
