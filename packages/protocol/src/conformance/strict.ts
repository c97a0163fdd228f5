import { sessionInfo } from '../responses.ts';
import { checks } from './check.ts';
import { equal, shaped, that } from './expect.ts';
import { withFile } from './files.ts';
import { allFrames } from './frames.ts';
import { answered, type Probe, rejected } from './probe.ts';

/** Fails unless the client is told that the fault is its own; answers the error. */
async function refused(response: Response, what: string) {
  const { status } = response;
  that(status >= 400 && status < 500, `${what} must be a 4xx`, status);
  return rejected(response, status);
}

const sendRaw = (probe: Probe, path: string, body: string, type = 'application/json') =>
  probe.request(path, { method: 'POST', headers: { 'content-type': type }, body });

export const hostileChecks = checks('hostile input', 'strict', {
  'that is no JSON is told as such': async (probe) => {
    for (const body of ['', '{', 'null', '"text"', '[]', '{"engine":'])
      await rejected(await sendRaw(probe, '/v1/sessions', body), 400, 'VALIDATION');
  },
  'that is not sent as JSON is refused': async (probe) => {
    await probe.session();
    const body = JSON.stringify(probe.body());
    await refused(await sendRaw(probe, '/v1/sessions', body, 'text/plain'), 'JSON as text/plain');
    await refused(
      await sendRaw(probe, '/v1/sessions', body, 'application/x-www-form-urlencoded'),
      'JSON as a form',
    );
  },
  'in the id of a session is refused': async (probe) => {
    for (const sessionId of ['', '.', '..', '../x', 'a/b', 'a\\b', 'a\0b', ' ', 'x'.repeat(4096)])
      await rejected(await probe.post('/v1/sessions', probe.body({ sessionId })), 400, 'VALIDATION');
  },
  'in the id of a session that lives is refused, and that session stays': async (probe) => {
    const { sessionId } = await probe.create({ streamingInput: true });
    await refused(await probe.post('/v1/sessions', probe.body({ sessionId })), 'an id that is taken');
    await answered(await probe.get(`/v1/sessions/${sessionId}`), 200);
  },
  'in the name of a file that comes with the session is refused': async (probe) => {
    await probe.session({ attachments: [{ path: 'x', content: 'x' }] });
    for (const path of ['../x', '/etc/x', 'a/../../x', 'a\0b', '..']) {
      const attachments = [{ path, content: 'x' }];
      await refused(await probe.post('/v1/sessions', probe.body({ attachments })), `the attachment ${path}`);
      const source = { type: 'inline', manifest: { name: 'a', version: '1.0.0' }, files: { [path]: 'x' } };
      const identity = { loader: probe.subject.loader, source };
      await refused(await probe.post('/v1/sessions', probe.body({ identity })), `the inline file ${path}`);
    }
  },
  'in a path is refused, however it is written': async (probe) => {
    const session = await probe.session();
    for (const path of ['..', './../x', 'a/../../x', '//etc/passwd', 'a\0b', ' ', '../'.repeat(40)]) {
      await refused(await probe.put(session, path, 'x'), `a file at ${JSON.stringify(path)}`);
      await refused(await probe.file(session, path), `a look at ${JSON.stringify(path)}`);
    }
    await refused(await probe.get(`${session}/fs/file?path=%2e%2e%2fx`), 'an encoded path');
    await refused(await probe.post(`${session}/fs/move`, { from: '../a', to: 'b' }), 'a move from outside');
    await refused(await probe.post(`${session}/fs/mkdir`, { path: '../a' }), 'a folder outside');
  },
  'is never answered with a path of the machine': async (probe) => {
    const session = await withFile(probe, 'f', 'x');
    const answers = [
      await probe.file(session, 'none/such'),
      await probe.file(session, 'f/under'),
      await probe.put(session, 'f/under', 'x'),
      await probe.file(session, '../x'),
      await probe.post('/v1/sessions', probe.body({ attachments: [{ path: '../x', content: '' }] })),
    ];
    for (const answer of answers) {
      const { message } = await refused(answer, 'a bad path');
      that(!/(?:^|[\s'"(])\/\w+\//.test(message), 'a message must not tell a path of the machine', message);
    }
  },
});

export const pageChecks = checks(
  'hostile input',
  'strict',
  {
    'that a web page sends is refused': async (probe) => {
      await probe.session();
      const headers = { 'content-type': 'application/json', origin: 'https://page.example' };
      const body = JSON.stringify(probe.body());
      await refused(
        await probe.request('/v1/sessions', { method: 'POST', headers, body }),
        'a page’s request',
      );
    },
  },
  'noSecret',
);

export const faultChecks = checks('faults', 'strict', {
  'of a message to a session that has ended are told': async (probe) => {
    const session = await probe.session();
    await allFrames(await probe.get(`${session}/events`));
    await rejected(await probe.say(session, 'too late'), 409, 'SESSION_ENDED');
  },
  'of an edit that finds nothing are the client’s': async (probe) => {
    const session = await withFile(probe, 'e.txt', 'abc');
    const edit = (body: object) =>
      probe.post(`${session}/fs/edit`, { path: 'e.txt', newString: 'x', ...body });
    await refused(await edit({ oldString: 'z' }), 'an edit that finds nothing');
    await refused(await edit({ oldString: '' }), 'an edit of nothing');
    await refused(await edit({ oldString: 'a', path: 'none.txt' }), 'an edit of no file');
  },
  'of a folder that is there, or is not empty, are the client’s': async (probe) => {
    const session = await withFile(probe, 'd/f', 'x');
    await refused(await probe.post(`${session}/fs/mkdir`, { path: 'd' }), 'a folder that exists');
    await refused(await probe.post(`${session}/fs/mkdir`, { path: 'n/m' }), 'a folder without a parent');
    await refused(await probe.put(session, 'd', 'x'), 'a file where a folder is');
    await refused(await probe.file(session, 'd'), 'the bytes of a folder');
    await refused(await probe.put(session, 'd/f/g', 'x'), 'a file below a file');
    await refused(await probe.post(`${session}/fs/move`, { from: 'none', to: 'x' }), 'a move of nothing');
  },
  'of an identity are the client’s': async (probe) => {
    const identity = (source: unknown) => ({ identity: { loader: probe.subject.loader, source } });
    const none = { type: 'local', path: '/nowhere/at/all' };
    await refused(
      await probe.post('/v1/sessions', probe.body(identity(none))),
      'a local identity that is not there',
    );
    const unknown = { type: 'carrier-pigeon' };
    await rejected(await probe.post('/v1/sessions', probe.body(identity(unknown))), 400, 'VALIDATION');
  },
});

export const careChecks = checks('care', 'strict', {
  'is taken that a look at the headers starts no engine': async (probe) => {
    const session = await probe.session({ streamingInput: true });
    equal((await probe.request(`${session}/events`, { method: 'HEAD' })).status, 200, 'the status of HEAD');
    const { status } = shaped(sessionInfo, await answered(await probe.get(session), 200), 'a session');
    equal(status, 'pending', 'the status after HEAD');
  },
  'is taken that the start is the first event, also with a message before it': async (probe) => {
    const messages = [{ role: 'user', content: 'hello' }];
    const session = await probe.session({ messages, streamingInput: true });
    const response = await probe.get(`${session}/events`);
    await probe.post(`${session}/cancel`);
    equal((await allFrames(response))[0]?.event.kind, 'ca_session_started', 'event 0');
  },
  'is taken of a part of a file, and of a file that is known already': async (probe) => {
    const session = await withFile(probe, 'r.txt', '0123456789');
    const part = await probe.file(session, 'r.txt', { range: 'bytes=2-4' });
    equal([part.status, await part.text()], [206, '234'], 'a part');
    equal(part.headers.get('content-range'), 'bytes 2-4/10', 'content-range');
    const whole = await probe.file(session, 'r.txt');
    await whole.body?.cancel();
    const etag = whole.headers.get('etag') ?? '';
    that(etag !== '', 'a file must have an ETag');
    equal((await probe.file(session, 'r.txt', { 'if-none-match': etag })).status, 304, 'one that is known');
    await probe.put(session, 'r.txt', '9876543210');
    equal(
      (await probe.file(session, 'r.txt', { 'if-none-match': etag })).status,
      200,
      'one that has changed',
    );
  },
});
