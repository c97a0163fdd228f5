import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import { harnessUrl } from '../../src/actors/harness-url.ts';
import type { SshConnection } from '../../src/ssh/index.ts';
import { startTestVm } from '../helpers/vm-session.ts';

const never = new AbortController().signal;

/** A harness, and connections to its guest that lead to it. */
async function harness() {
  const asked: number[] = [];
  const server = createServer((_request, response) => response.end('well')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connection = (): SshConnection => {
    const forwardOut = (guestPort: number) => {
      asked.push(guestPort);
      return Promise.resolve(connect(port, '127.0.0.1'));
    };
    return { forwardOut } as unknown as SshConnection;
  };
  return {
    asked,
    connection,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

const lost = { forwardOut: () => Promise.reject(new Error('lost')) } as unknown as SshConnection;

/** Asks the harness on a connection of its own. */
const ask = async (url: string): Promise<string> => (await request(url, { reset: true })).body.text();

describe('the address of the harness', () => {
  it('is that of the guest where the host has a route to it', async () => {
    await using vm = await startTestVm();
    vm.session.address = { host: '10.0.0.9' };
    expect(await harnessUrl(vm.session, never)).toBe('http://10.0.0.9:7700');
  });

  it.each([
    [{ host: 'fd00::9' }, 'http://[fd00::9]:7700'],
    [{ host: '127.0.0.1', ports: { 7700: 40_001 } }, 'http://127.0.0.1:40001'],
  ])('for %j is %s', async (address, url) => {
    await using vm = await startTestVm();
    vm.session.address = address;
    expect(await harnessUrl(vm.session, never)).toBe(url);
  });

  it('leads through SSH where there is no route, also after its connection was made again', async () => {
    await using guest = await harness();
    await using vm = await startTestVm();
    Object.assign(vm.driver.features, { directRoute: false });
    vm.session.connection = guest.connection();
    const url = await harnessUrl(vm.session, never);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await ask(url)).toBe('well');
    vm.session.connection = lost;
    await expect(ask(url)).rejects.toBeInstanceOf(Error);
    vm.session.connection = guest.connection();
    expect(await ask(url)).toBe('well');
    expect(guest.asked).toEqual([7700, 7700]);
    expect(await harnessUrl(vm.session, never)).toBe(url);
    expect(await vm.release()).toEqual([]);
    await expect(ask(url)).rejects.toThrow('ECONNREFUSED');
  });
});
