import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inlineAgent } from '../helpers/harness.ts';
import { anything, bodiesOf, somePath, word } from './bodies.ts';
import { FuzzSubject, WELL } from './subject.ts';

/** `FUZZ_RUNS=20000` looks longer. */
const numRuns = Number(process.env['FUZZ_RUNS'] ?? 150);
const timeout = 120_000 + numRuns * 100;

let subject: FuzzSubject;
beforeAll(async () => void (subject = await FuzzSubject.start()));
afterAll(() => subject[Symbol.asyncDispose]());

const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body) ?? '',
});

/** The segments of a URL may hold what they like, and need not be encoded well. */
const segment = fc.oneof(
  word.map((text) => encodeURIComponent(text.toWellFormed())),
  fc.constantFrom('%', '%zz', '%ff', '%00', '..', '.', '%2e%2e', '%2f', ';', '*', ':id'),
);

const query = fc
  .array(fc.tuple(fc.constantFrom('path', 'depth', 'recursive', 'lastEventId', 'x', ''), segment), {
    maxLength: 4,
  })
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&'));

/** Visible text, as headers are. */
const headerText = fc.string({
  unit: fc.constantFrom(...'abz019 -=,;:/*"\\()<>@?[]{}%_.~+#$!&|^`'.split('')),
  maxLength: 30,
});
const headers = fc.dictionary(
  fc.constantFrom(
    'content-type',
    'accept',
    'range',
    'if-range',
    'if-match',
    'if-none-match',
    'last-event-id',
    'origin',
    'referer',
    'sec-fetch-site',
    'x-forwarded-for',
    'content-encoding',
    'expect',
    'transfer-encoding',
  ),
  fc.oneof(
    headerText,
    fc.constantFrom(
      'bytes=0-',
      'bytes=-1',
      'bytes=5-1',
      'bytes=0-0,2-3',
      'bytes=99999999999999999999-',
      '-1',
      '1e9',
      '9'.repeat(30),
      'null',
      '*',
      'gzip',
      '"x"',
      'W/"x"',
      'application/json; charset=utf-16',
    ),
  ),
  { maxKeys: 4 },
);

const ROUTES = [
  ['GET', '/v1/health'],
  ['GET', '/v1/sessions/:id'],
  ['DELETE', '/v1/sessions/:id'],
  ['GET', '/v1/sessions/:id/events'],
  ['HEAD', '/v1/sessions/:id/events'],
  ['GET', '/v1/sessions/:id/fs/tree'],
  ['GET', '/v1/sessions/:id/fs/file'],
  ['HEAD', '/v1/sessions/:id/fs/file'],
  ['PUT', '/v1/sessions/:id/fs/file'],
  ['DELETE', '/v1/sessions/:id/fs/file'],
  ['POST', '/v1/chat'],
  ['OPTIONS', '/v1/sessions'],
] as const;

/** Sure to be done, whatever chance brings. */
const GOOD: [string, unknown][] = [
  ['/v1/sessions', inlineAgent()],
  ['/v1/sessions/:id/fs/edit', { path: 'f.txt', oldString: 'e', newString: 'x' }],
  ['/v1/sessions/:id/fs/mkdir', { path: 'made' }],
];

describe('no request makes the harness fail, or tell what it should not', () => {
  it('of any JSON, for every route that takes some', { timeout }, async () => {
    const bodies = bodiesOf(subject.sources);
    const requests = Object.keys(bodies).map((route) =>
      fc.tuple(fc.constant(route), bodies[route] ?? anything),
    );
    const statuses = new Map<string, Set<number>>();
    await fc.assert(
      fc.asyncProperty(fc.oneof(...requests), async ([route, body]) => {
        const status = await subject.ask(route, json(body));
        statuses.set(route, (statuses.get(route) ?? new Set()).add(status));
      }),
      { numRuns: numRuns * 4, examples: GOOD.map((request) => [request]) },
    );
    expect(await subject.state()).toEqual(WELL);
    // It would prove nothing if no request got through.
    const done = [...statuses].filter(([, seen]) => [...seen].some((status) => status < 300));
    expect(done.map(([route]) => route)).toEqual(expect.arrayContaining(GOOD.map(([route]) => route)));
  });

  it('of any bytes, of any type', { timeout }, async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ unit: 'binary' }).map((text) => new TextEncoder().encode(text)),
      fc
        .constantFrom('{', '[', '"', 'nul', '{"a":1,}', '\ufeff{}', '1'.repeat(400), `${'['.repeat(100_000)}`)
        .map((text) => new TextEncoder().encode(text)),
    );
    const type = fc.oneof(fc.constant('application/json'), headerText);
    const route = fc.constantFrom(...Object.keys(bodiesOf(subject.sources)));
    await fc.assert(
      fc.asyncProperty(route, bytes, type, async (path, body, contentType) => {
        const init = { method: 'POST', headers: { 'content-type': contentType }, body: new Uint8Array(body) };
        await subject.ask(path, init);
      }),
      { numRuns },
    );
    expect(await subject.state()).toEqual(WELL);
  });

  it('of any query and any headers', { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ROUTES),
        query,
        headers,
        fc.option(somePath, { nil: undefined }),
        async ([method, route], rest, given, path) => {
          const known = path === undefined ? '' : `&path=${encodeURIComponent(path.toWellFormed())}`;
          const body = method === 'PUT' || method === 'POST' ? { body: 'some bytes' } : {};
          await subject.ask(`${route}?${rest}${known}`, { method, headers: given, ...body });
        },
      ),
      { numRuns: numRuns * 2 },
    );
    expect(await subject.state()).toEqual(WELL);
  });

  it('of any path and method', { timeout }, async () => {
    const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS');
    const tail = fc.array(
      fc.oneof(segment, fc.constantFrom('events', 'messages', 'fs', 'file', 'tree', 'permission')),
      { maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(
        method,
        fc.constantFrom('/v1/sessions', '/v1', '/t', ''),
        tail,
        async (verb, start, segments) => {
          await subject.ask([start, ...segments].join('/') || '/', { method: verb });
        },
      ),
      { numRuns },
    );
    expect(await subject.state()).toEqual(WELL);
  });
});
