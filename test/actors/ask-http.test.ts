import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EnvHttpProxyAgent } from 'undici';
import { describe, expect, it } from 'vitest';
import { askHttp, type HttpQuestion } from '../../src/actors/ask-http.ts';
import { startSilentServer } from '../helpers/silent-server.ts';
import { until } from '../helpers/until.ts';

const never = new AbortController().signal;

async function serve(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

type Silence = (question: HttpQuestion) => Promise<unknown>;

/** Asks one that says nothing, directly or by a proxy that does so; answers once it was heard, and how to look. */
async function asking(isProxy: boolean) {
  const silent = await startSilentServer();
  const ask: Silence = (question) => {
    if (!isProxy) return askHttp(silent.url, question);
    const agent = new EnvHttpProxyAgent({ httpsProxy: silent.url, noProxy: '' });
    return askHttp('https://registry.example', { ...question, agent });
  };
  return { silent, ask, [Symbol.asyncDispose]: () => silent[Symbol.asyncDispose]() };
}

describe('a question by HTTP', () => {
  it('is answered, whatever the status, with the beginning of the body', async () => {
    await using server = await serve((request, response) => {
      response.writeHead(request.method === 'POST' ? 201 : 404);
      request.on('data', (chunk) => response.write(chunk)).on('end', () => response.end('é'.repeat(10)));
    });
    const question = { signal: never, timeoutMs: 20_000 };
    expect(await askHttp(server.url, question)).toEqual({ status: 404, text: 'é'.repeat(10) });
    expect(await askHttp(server.url, { ...question, method: 'POST', body: 'said ' })).toEqual({
      status: 201,
      text: `said ${'é'.repeat(10)}`,
    });
    const cut = await askHttp(server.url, { ...question, mostCharacters: 3 });
    expect(cut.text.length).toBeLessThanOrEqual(10);
  });

  it.each([
    ['a server', false],
    ['a proxy', true],
  ])('is given up at once when it is cancelled, and when %s says nothing', async (_, isProxy) => {
    await using it = await asking(isProxy);
    const cancelling = new AbortController();
    const asked = it.ask({ signal: cancelling.signal, timeoutMs: 2 ** 30 });
    asked.catch(() => undefined);
    await until('it was asked', () => it.silent.heard() > 0);
    cancelling.abort();
    await expect(asked).rejects.toMatchObject({ code: 'ABORTED' });
    await until('the connection is gone', () => it.silent.open() === 0);
  });

  it.each([
    ['a server', false],
    ['a proxy', true],
  ])('has a deadline where %s says nothing', async (_, isProxy) => {
    await using it = await asking(isProxy);
    await expect(it.ask({ signal: never, timeoutMs: 100 })).rejects.toMatchObject({
      code: 'COMMAND_TIMEOUT',
      retry: 'safe',
    });
    await until('the connection is gone', () => it.silent.open() === 0);
  });

  it('has a deadline for the whole answer, too', async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(200);
      response.write('a beginning');
    });
    const asked = askHttp(server.url, { signal: never, timeoutMs: 200 });
    await expect(asked).rejects.toMatchObject({ code: 'COMMAND_TIMEOUT' });
  });

  it('is not asked when it is cancelled already', async () => {
    await using silent = await startSilentServer();
    const asked = askHttp(silent.url, { signal: AbortSignal.abort(), timeoutMs: 20_000 });
    await expect(asked).rejects.toMatchObject({ code: 'ABORTED' });
    expect(silent.heard()).toBe(0);
  });
});
