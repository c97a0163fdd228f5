import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { probeHealth } from '../../src/actors/probe-health.ts';
import type { HarnessExit } from '../../src/actors/session.ts';
import { VzvmError } from '../../src/errors.ts';
import { freePort } from '../helpers/sshd.ts';
import { startTestVm } from '../helpers/vm-session.ts';

const LIVES = new Promise<never>(() => undefined);

async function harness(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: close };
}

/** Looks once at what listens on a port, with a harness that lives, or ends in some way. */
async function look(port: number, ended: Promise<HarnessExit> = LIVES, parked = false) {
  await using vm = await startTestVm();
  const { session } = vm;
  session.address = { host: '127.0.0.1', ports: { 7700: port } };
  session.harnessWatch = { ended };
  const parking = { secret: 's', renews: false, renewed: Promise.withResolvers<void>() };
  if (parked) Object.assign(session, { parking });
  const [result] = await Promise.allSettled([vm.run(probeHealth)]);
  return { result, envs: session.envs };
}

describe('a look at the health of the harness', () => {
  it('finds it well, and forgets the environment that it now has', async () => {
    const asked: unknown[] = [];
    await using server = await harness((request, response) => {
      asked.push(request.url);
      response.end('{"ok":true}');
    });
    const { result, envs } = await look(server.port);
    expect(result).toMatchObject({ status: 'fulfilled', value: true });
    expect(asked).toEqual(['/v1/health']);
    expect(envs).toEqual({});
  });

  it('keeps the environment for a harness that is parked', async () => {
    await using server = await harness((_request, response) => response.end('{"ok":true}'));
    const { envs } = await look(server.port, LIVES, true);
    expect(envs).toEqual({ KEY: 'env-value' });
  });

  it('takes what refuses, hangs up or is busy for not yet there', async () => {
    await using busy = await harness((_request, response) => response.writeHead(503).end());
    await using rude = await harness((request) => request.socket.destroy());
    for (const port of [busy.port, rude.port, await freePort()]) {
      const { result, envs } = await look(port);
      expect(result).toMatchObject({ status: 'fulfilled', value: false });
      expect(envs).toEqual({ KEY: 'env-value' });
    }
  });

  it.each([
    ['a page', '<html>hello</html>'],
    ['nothing', 'null'],
    ['that it is not well', '{"ok":false}'],
    ['without an end', 'x'.repeat(1_000_000)],
  ])('is not deceived by another server, which answers %s', async (_what, text) => {
    await using other = await harness((_request, response) => response.end(text));
    const { result } = await look(other.port);
    expect(result).toMatchObject({ status: 'fulfilled', value: false });
  });

  it('does not wait for an answer of a harness that has ended, and shows the end of its log', async () => {
    await using silent = await harness(() => undefined);
    const exit = Promise.resolve({ code: null, stderrTail: 'SyntaxError: unexpected token' });
    const { result } = await look(silent.port, exit);
    expect(result).toMatchObject({
      status: 'rejected',
      reason: {
        code: 'HARNESS_CRASHED',
        stderrTail: 'SyntaxError: unexpected token',
        retry: 'unsafe',
        hint: expect.stringContaining('/home/admin/harness') as string,
      },
    });
  });

  it.each([
    { code: 98, stderrTail: '' },
    { code: null, stderrTail: '{"level":50,"code":"PORT_TAKEN"}' },
  ])('tells by %j that the port was taken', async (exit) => {
    await using silent = await harness(() => undefined);
    const { result } = await look(silent.port, Promise.resolve(exit));
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'PORT_TAKEN' } });
  });

  it('is to be repeated when the harness can no longer be seen', async () => {
    await using silent = await harness(() => undefined);
    const lost = Promise.reject(new VzvmError('SSH_CLOSED', 'lost', { retry: 'safe' }));
    const { result } = await look(silent.port, lost);
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'SSH_CLOSED', retry: 'safe' } });
  });
});
