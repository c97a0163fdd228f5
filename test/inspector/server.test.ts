import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Inspector, type InspectorRecord, InspectorServer } from '../../src/inspector/index.ts';
import { rejection } from '../helpers/rejection.ts';
import { until } from '../helpers/until.ts';
import { openEvents } from './event-source.ts';
import { factsOf, simulateVm } from './simulated-vm.ts';

/** An inspector that listens, with a VM that is healthy. */
async function serving(script = {}, settings = {}) {
  const inspector = new Inspector(settings);
  const url = await inspector.listen();
  const of = inspector.recorder.begin(factsOf('ca-1'));
  const vm = simulateVm('ca-1', of, script);
  await vm.healthy();
  return {
    inspector,
    url,
    of,
    vm,
    [Symbol.asyncDispose]: async () => {
      await vm.end();
      await inspector.close();
    },
  };
}

/** A request with headers that `fetch` would not let through. */
function ask(url: string, headers: Record<string, string> = {}, method = 'GET', body = ''): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers, method }, (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    asked.on('error', reject).end(body);
  });
}

describe('the page', () => {
  it('is served to whoever has its address, on loopback alone, with nothing from anywhere else', async () => {
    await using at = await serving();
    expect(at.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/$/);
    const page = await fetch(at.url);
    expect(page.status).toBe(200);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    const text = await page.text();
    expect(text).not.toMatch(/(src|href)="(https?:)?\/\//);
    for (const [, file] of text.matchAll(/(?:src|href)="([\w.]+)"/g))
      expect((await fetch(new URL(file ?? '', at.url))).status).toBe(200);
  });

  it.each([
    ['another token', (url: string) => url.replace(/\/[\w-]{32}\//, `/${'x'.repeat(32)}/`), {}, 401],
    ['no token', (url: string) => new URL('/', url).href, {}, 401],
    ['a name that was made to lead here', (url: string) => url, { host: 'evil.example' }, 403],
    ['a page of another origin', (url: string) => `${url}events`, { origin: 'http://evil.example' }, 403],
    ['a fetch of another site', (url: string) => `${url}events`, { 'sec-fetch-site': 'cross-site' }, 403],
    [
      'a frame of another site',
      (url: string) => url,
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
      403,
    ],
    ['what it does not serve', (url: string) => `${url}../package.json`, {}, 401],
    ['a file beside it', (url: string) => `${url}harness.mjs`, {}, 404],
    ['the bridge that nobody asked for', (url: string) => `${url}stately`, {}, 404],
  ])('refuses %s', async (_, address, headers, status) => {
    await using at = await serving();
    expect(await ask(address(at.url), headers as unknown as Record<string, string>)).toBe(status);
  });

  it('lets a link of another site lead a person here', async () => {
    await using at = await serving();
    const headers = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    expect(await ask(at.url, headers)).toBe(200);
  });

  it('says which port is taken, and what to do', async () => {
    await using at = await serving();
    const port = Number(new URL(at.url).port);
    const error = await rejection(new Inspector({ port }).listen());
    expect(error).toMatchObject({
      code: 'PORT_TAKEN',
      facts: { port },
      hint: expect.stringContaining(`:${port}`),
    });
  });

  it('bridges to the hosted inspector where that was asked for, and lets no other page frame anything', async () => {
    await using at = await serving({}, { stately: true });
    const bridge = await fetch(`${at.url}stately`);
    expect(bridge.headers.get('content-security-policy')).toContain('frame-src https://stately.ai;');
    expect((await fetch(at.url)).headers.get('content-security-policy')).not.toContain('stately');
  });
});

describe('the stream', () => {
  it('tells what was, what comes, and the end', async () => {
    const at = await serving();
    await using events = await openEvents(`${at.url}events`);
    await events.until('it is caught up', ({ type }) => type === 'caught-up');
    const before = events.records();
    expect(before[0]).toMatchObject({ kind: 'vm', vm: 'ca-1' });
    expect(before).toEqual(at.of.since(0));
    await at.vm.end();
    await at.inspector.close();
    await events.until('it has ended', ({ type }) => type === 'end');
    const records = events.records();
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => index + 1));
    expect(records.at(-1)).toMatchObject({ kind: 'snapshot' });
    expect(JSON.stringify(records)).toContain('"status":"done"');
    expect(await rejection(fetch(at.url))).toBeDefined(); // The port is free.
  });

  it('goes on where a viewer was, by the number that it was told', async () => {
    await using at = await serving();
    const first = await openEvents(`${at.url}events`);
    const { id } = await first.until('it is caught up', ({ type }) => type === 'caught-up');
    const seen = first.records().at(-1)?.seq ?? 0;
    await first[Symbol.asyncDispose]();
    at.of.log('substrate', ['said meanwhile']);
    for (const again of [`${at.url}events?after=${id}`, `${at.url}events`]) {
      const headers: Record<string, string> = again.includes('?') ? {} : { 'last-event-id': id ?? '' };
      await using events = await openEvents(again, headers);
      await events.until('it is caught up', ({ type }) => type === 'caught-up');
      expect(events.records().map(({ seq }) => seq)).toEqual([seen + 1]);
    }
  });

  it('waits for a viewer that does not read, keeps no more for it, and lets it have what matters later', async () => {
    await using at = await serving();
    const { hostname, port, pathname } = new URL(at.url);
    const socket = connect(Number(port), hostname);
    socket.write(`GET ${pathname}events HTTP/1.1\r\nhost: ${hostname}:${port}\r\n\r\n`);
    socket.pause();
    const many = Array.from({ length: 3_000 }, (_, index) => `${index} ${'x'.repeat(2_000)}`);
    const before = process.memoryUsage().external + process.memoryUsage().arrayBuffers;
    for (const line of many) at.of.log('harness', [line]);
    await until('a viewer that reads has all', async () => {
      await using events = await openEvents(`${at.url}events`);
      await events.until('it is caught up', ({ type }) => type === 'caught-up');
      return JSON.stringify(events.records()).includes('2999 x');
    });
    expect(process.memoryUsage().external + process.memoryUsage().arrayBuffers - before).toBeLessThan(
      50_000_000,
    );
    socket.destroy();
  });
});

describe('what a guest says', () => {
  it('is followed from when somebody looks at it until nobody does, and told afresh after that', async () => {
    await using at = await serving();
    const follows: string[] = [];
    let text = 'one\ntwo';
    at.of.guest = {
      secrets: () => [],
      follow: (source, onText, signal) => {
        follows.push(source);
        if (source === 'console') onText(text);
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      },
    };
    const watch = (body: string, type = 'application/json') =>
      ask(`${at.url}watch`, { 'content-type': type, 'content-length': String(body.length) }, 'POST', body);
    expect(await watch('{"vm":"ca-1"}', 'text/plain')).toBe(415);
    expect(await watch('{')).toBe(400);
    expect(await watch(JSON.stringify({ vm: 'x'.repeat(5_000) }))).toBe(413);
    expect(follows).toEqual([]);
    const first = await openEvents(`${at.url}events`);
    expect(await watch('{"vm":"ca-1"}')).toBe(204);
    expect(await watch('{"vm":"ca-1"}')).toBe(204);
    expect(follows.toSorted()).toEqual(['console', 'harness']);
    await first.until('a line is there', ({ data }) => data.includes('"one"'));
    await first[Symbol.asyncDispose]();
    await until('nobody looks', () => !at.of.isFollowed);
    text = 'one\ntwo\nthree\n';
    await using second = await openEvents(`${at.url}events`);
    expect(await watch('{"vm":"ca-1"}')).toBe(204);
    await second.until('the new line is there', ({ data }) => data.includes('"three"'));
    const lines = second.records().filter((record) => record.kind === 'log' && record.source === 'console');
    expect(lines.at(-1)).toMatchObject({ fresh: true, lines: ['one', 'two', 'three'] });
  });
});

describe('a recording', () => {
  it('is served as one list, by the same page', async () => {
    const records: InspectorRecord[] = [
      { kind: 'log', vm: 'ca-1', seq: 1, at: 1, source: 'console', lines: ['x'] },
    ];
    const server = new InspectorServer({ kind: 'recording', title: 'boot.ndjson', records });
    const url = await server.listen();
    expect(await (await fetch(`${url}about`)).json()).toMatchObject({
      kind: 'recording',
      title: 'boot.ndjson',
    });
    expect(await (await fetch(`${url}records`)).json()).toEqual(records);
    expect(await ask(`${url}events`)).toBe(404);
    await server.close();
  });
});

describe('a WebSocket', () => {
  it.each([
    ['another path', 'x/ws', {}],
    ['another origin', 'stately/ws', { origin: 'http://evil.example' }],
  ])('is refused with %s', async (_, path, headers) => {
    await using at = await serving();
    const socket = new WebSocket(`${at.url.replace('http', 'ws')}${path}`, { headers });
    const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
    expect(error.message).toContain('403');
  });
});
