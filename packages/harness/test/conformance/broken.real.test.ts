import {
  conformanceChecks,
  type ConformanceTarget,
  runConformanceCheck,
  runConformanceSuite,
} from '@computeragent/protocol/conformance';
import { describe, expect, it, vi } from 'vitest';
import { TestHarness } from '../helpers/harness.ts';
import {
  asked,
  endsWithItsReader,
  type Fault,
  inEvents,
  inFiles,
  inJson,
  instead,
  keysOfAll,
  neverEnding,
  type Next,
  otherwiseAgain,
  without,
} from './faults.ts';
import { mock, TURNS } from './mock.ts';

/** The harness with a fault. */
async function broken(fault: Fault): Promise<Required<Pick<ConformanceTarget, 'request' | 'close'>>> {
  const harness = await TestHarness.start({ engines: [mock] });
  const next: Next = (path, init) => harness.request(path, init);
  return {
    request: (path, init = {}) => fault(next, path, init),
    close: () => harness[Symbol.asyncDispose](),
  };
}

const FAULTS: readonly (readonly [string, Fault, string])[] = [
  [
    'health lacks the engines',
    inJson(/health/, (body) => ({ ...body, engines: undefined })),
    'answers 200 with ok',
  ],
  ['a new session is 200', inJson(/^POST .*sessions$/, (body) => body, 200), 'creates one with an id'],
  [
    'eventsUrl is a URL',
    inJson(/^POST .*sessions$/, (body) => ({ ...body, eventsUrl: `http://h${String(body['eventsUrl'])}` })),
    'creates one with an id',
  ],
  [
    "the client's id is not used",
    asked((path, init) => [
      path,
      typeof init.body === 'string' ? { ...init, body: init.body.replace('"sessionId"', '"x"') } : init,
    ]),
    'uses the id that the client chooses',
  ],
  [
    'errors are no envelope',
    inJson(/does-not-exist/, () => ({ message: 'no' })),
    'knows none that was never',
  ],
  ['a delete does nothing', instead(/^DELETE .*sessions\/[^/]+$/, 200), 'deletes one, once'],
  [
    'details name no engines',
    inJson(/^POST .*sessions$/, ({ error, ...rest }) =>
      error ? { error: { ...error, details: undefined } } : rest,
    ),
    'rejects an unknown engine',
  ],
  ['Idempotency-Key is not read', without('idempotency-key'), 'with their key are answered'],
  ['a key comes with any message', without('idempotency-key'), 'are refused where their key'],
  ['a message sent again is another turn', without('idempotency-key'), 'are one for a message'],
  ['any key is fine', without('idempotency-key'), 'is taken of a key'],
  ['what came again is answered otherwise', otherwiseAgain(), 'with their key are answered'],
  ['keys are those of all sessions', keysOfAll(), 'are known by their key'],
  [
    'messages cannot be sent again',
    inJson(/^POST .*sessions$/, (body) => ({ ...body, idempotentMessages: undefined })),
    'is taken that a message can be sent again',
  ],
  ['any answer to a permission is fine', instead(/permission/, 200), 'rejects an answer to a permission'],
  [
    'ids begin at 1',
    inEvents((text) => text.replaceAll(/^id: (\d+)/gm, (_, id) => `id: ${Number(id) + 1}`)),
    'are numbered from 0',
  ],
  ['ids have a hole', inEvents((text) => text.replace('id: 1\n', 'id: 7\n')), 'are numbered from 0'],
  ['frames end in CRLF', inEvents((text) => text.replaceAll('\n', '\r\n')), 'begin with the start'],
  [
    'the id comes first',
    inEvents((text) => text.replaceAll(/^(event: .*\ndata: .*\n)(id: .*\n)/gm, '$2$1')),
    'stand on the wire',
  ],
  ['the start is missing', inEvents((text) => text.slice(text.indexOf('\n\n') + 2)), 'begin with the start'],
  [
    'the end is missing',
    inEvents((text) => text.slice(0, text.lastIndexOf('event: '))),
    'begin with the start',
  ],
  [
    'the end comes twice',
    inEvents((text) => text + text.slice(text.lastIndexOf('event: '))),
    'begin with the start',
  ],
  [
    'an event has no capabilities',
    inEvents((text) => text.replaceAll('"capabilities"', '"abilities"')),
    'have the fields',
  ],
  ['Last-Event-ID is not read', without('last-event-id'), 'are told again'],
  [
    'lastEventId is not read',
    asked((path, init) => [path.split('?lastEventId')[0] ?? '', init]),
    'are told again',
  ],
  ['a reader who leaves ends the session', endsWithItsReader(), 'go on when a reader leaves'],
  ['the stream has no end', neverEnding(), 'are none after an id'],
  ['cancel is unknown', instead(/cancel/, 404), 'follows a cancel, and'],
  ['bytes become text', inFiles((text) => text), 'keep every byte'],
  ['a file has another type', inFiles((text) => text, 'text/plain'), 'keep every byte'],
  [
    'folders are files',
    inJson(/tree/, (body) => JSON.parse(JSON.stringify(body).replaceAll('"dir"', '"file"')) as object),
    'are listed with type',
  ],
  [
    'depth is not read',
    asked((path, init) => [path.replace(/depth=\w+/, 'depth=8'), init]),
    'are listed as deep',
  ],
  [
    'folders are deleted by chance',
    asked((path, init) => [init.method === 'DELETE' ? `${path}&recursive=true` : path, init]),
    'are gone once deleted',
  ],
  [
    'attachments are left out',
    asked((path, init) => [
      path,
      typeof init.body === 'string' ? { ...init, body: init.body.replace('"attachments"', '"x"') } : init,
    ]),
    'can come with the session',
  ],
  [
    'an escape is a 500',
    instead(/\.\.%2Fetc/, 500, { error: { code: 'INTERNAL', message: '' } }),
    'outside of the session',
  ],
  [
    'bad JSON is a 500',
    async (next, path, init) =>
      init.body === '{'
        ? Response.json({ error: { code: 'INTERNAL', message: '' } }, { status: 500 })
        : next(path, init),
    'that is no JSON',
  ],
  [
    'any type of body is read as JSON',
    asked((path, init) => [
      path,
      typeof init.body === 'string' && path === '/v1/sessions'
        ? { ...init, headers: { 'content-type': 'application/json' } }
        : init,
    ]),
    'that is not sent as JSON',
  ],
  [
    'paths of the machine are told',
    inJson(/none%2Fsuch/, () => ({ error: { code: 'NOT_FOUND', message: "ENOENT: '/tmp/x/none'" } })),
    'is never answered with a path',
  ],
  ['messages vanish', instead(/messages/, 200), 'of a message to a session that has ended'],
  [
    'HEAD is GET',
    asked((path, init) => [path, init.method === 'HEAD' ? {} : init]),
    'is taken that a look at the headers',
  ],
];

describe('the conformance suite', () => {
  it.each(FAULTS)('finds that %s', async (_, fault, beginning) => {
    const check = conformanceChecks.find(({ name }) => name.startsWith(beginning));
    if (!check) throw new Error(`there is no check ${beginning}`);
    const target = await broken(fault);
    const close = vi.spyOn(target, 'close');
    const result = await runConformanceCheck(check, () => target, { ...TURNS, timeoutMs: 1_000 });
    expect(result).toMatchObject({ outcome: 'failed', error: { name: 'ConformanceError' } });
    expect(close).toHaveBeenCalledOnce();
  });

  it('removes its sessions also when its check hangs', async () => {
    await using harness = await TestHarness.start({ engines: [mock] });
    const target: ConformanceTarget = {
      request: (path, init) => neverEnding()((...asked) => harness.request(...asked), path, init ?? {}),
    };
    const check = conformanceChecks.find(({ name }) => name.startsWith('are none after an id'));
    if (!check) throw new Error('there is no such check');
    const { outcome } = await runConformanceCheck(check, target, { ...TURNS, timeoutMs: 1_000 });
    expect([outcome, await harness.workdirs()]).toEqual(['failed', []]);
  });

  it.each([
    ['fails at everything', new Response('oh', { status: 500 })],
    ['agrees to everything', Response.json({ ok: true })],
    ['knows nothing', Response.json({ error: { code: 'NOT_FOUND', message: 'no' } }, { status: 404 })],
  ])('has no check that a server passes that %s', async (_, answer) => {
    const options = { ...TURNS, engine: 'scripted', loader: 'l', timeoutMs: 500 };
    const request = (): Response => answer.clone();
    const { passed, skipped } = await runConformanceSuite(() => ({ request }), options);
    expect(passed.map(({ name }) => name)).toEqual([]);
    expect(skipped).toEqual([]);
  });

  it('leaves out what a server does not promise', async () => {
    const silent = inJson(/^POST .*sessions$/, (body) => ({ ...body, idempotentMessages: undefined }));
    const lax = await runConformanceSuite(() => broken(silent), { ...TURNS, level: 'protocol' });
    expect(lax.failed).toEqual([]);
    expect(lax.skipped.map(({ name }) => name)).toEqual([
      'with their key are answered as the first time',
      'are refused where their key came with another message',
      'are known by their key in their own session alone',
      'are one for a message that is sent again with its key',
    ]);
  });

  it('leaves out what it is not told the messages for', async () => {
    const { skipped } = await runConformanceSuite({ request: () => new Response() }, { timeoutMs: 100 });
    expect(new Set(skipped.map(({ group }) => group))).toEqual(new Set(['turns', 'permissions']));
  });
});
