import { fsEditResponse, fsTreeResponse, fsWriteResponse } from '../responses.ts';
import { checks } from './check.ts';
import { equal, shaped, that } from './expect.ts';
import { acknowledged, answered, type Probe, rejected } from './probe.ts';

const BYTES = new Uint8Array([0xff, 0x00, 0xaa, 0x55, 0x7f, 0x80, 0x01]);

/** A session with a file of this text. */
export async function withFile(probe: Probe, path: string, text: string): Promise<string> {
  const session = await probe.session();
  shaped(fsWriteResponse, await answered(await probe.put(session, path, text), 200), 'the answer to a file');
  return session;
}

async function tree(probe: Probe, session: string, query: string) {
  const body = await answered(await probe.get(`${session}/fs/tree?${query}`), 200);
  return shaped(fsTreeResponse, body, 'a tree').entries;
}

async function textOf(probe: Probe, session: string, path: string): Promise<string> {
  const response = await probe.file(session, path);
  equal(response.status, 200, `the status of the file ${path}`);
  return response.text();
}

export const fileChecks = checks('files', 'protocol', {
  'are read as they were written, with missing folders made': async (probe) => {
    const session = await withFile(probe, 'notes/a b/ü.txt', 'hello');
    equal(await textOf(probe, session, 'notes/a b/ü.txt'), 'hello', 'the text');
    await probe.put(session, 'notes/a b/ü.txt', 'again');
    equal(await textOf(probe, session, 'notes/a b/ü.txt'), 'again', 'the text after it was written again');
  },
  'keep every byte': async (probe) => {
    const session = await probe.session();
    const { size } = shaped(
      fsWriteResponse,
      await answered(await probe.put(session, 'b', BYTES), 200),
      'the answer',
    );
    equal(size, BYTES.length, 'the size');
    const response = await probe.file(session, 'b');
    equal(response.headers.get('content-type'), 'application/octet-stream', 'the type of a file');
    equal([...new Uint8Array(await response.arrayBuffer())], [...BYTES], 'the bytes');
  },
  'are listed with type, size, time and mode, a folder before what is in it': async (probe) => {
    const session = await withFile(probe, 'top/in.txt', '12345');
    const entries = await tree(probe, session, 'depth=1');
    const at = (path: string) => entries.findIndex((entry) => entry.path === path);
    that(at('top') >= 0 && at('top') < at('top/in.txt'), 'top must come before top/in.txt', entries);
    equal([entries[at('top')]?.type, entries[at('top/in.txt')]?.type], ['dir', 'file'], 'the types');
    equal(entries[at('top/in.txt')]?.size, 5, 'the size');
  },
  'are listed as deep as is asked, relative to the folder asked for': async (probe) => {
    const session = await withFile(probe, 'one/two/three.txt', 'x');
    const paths = async (query: string) => (await tree(probe, session, query)).map(({ path }) => path);
    that(!(await paths('depth=1')).includes('one/two/three.txt'), 'depth=1 must not list a third level');
    that((await paths('depth=2')).includes('one/two/three.txt'), 'depth=2 must list a third level');
    equal(await paths('path=one/two'), ['three.txt'], 'the paths in one/two');
    equal((await paths('depth=x')).includes('one/two'), true, 'a depth that is no number counts as 1');
  },
  'are gone once deleted, a folder only when that is meant': async (probe) => {
    const session = await withFile(probe, 'd/a.txt', 'x');
    that((await probe.remove(session, 'd')).status >= 400, 'a folder needs recursive=true');
    equal(await textOf(probe, session, 'd/a.txt'), 'x', 'the file in the folder');
    await acknowledged(await probe.remove(session, 'd/a.txt'));
    await rejected(await probe.file(session, 'd/a.txt'), 404, 'NOT_FOUND');
    await rejected(await probe.remove(session, 'd/a.txt'), 404, 'NOT_FOUND');
    await acknowledged(await probe.remove(session, 'd', '&recursive=true'));
  },
  'lie in folders that can be made': async (probe) => {
    const session = await probe.session();
    await acknowledged(await probe.post(`${session}/fs/mkdir`, { path: 'p/q', recursive: true }));
    await acknowledged(await probe.post(`${session}/fs/mkdir`, { path: 'p/q', recursive: true }));
    const entry = (await tree(probe, session, 'depth=1')).find(({ path }) => path === 'p/q');
    equal(entry?.type, 'dir', 'the type of p/q');
  },
  'are edited, the first place or all of them': async (probe) => {
    const session = await withFile(probe, 'e.txt', 'one one one');
    const edit = async (body: object) =>
      shaped(
        fsEditResponse,
        await answered(await probe.post(`${session}/fs/edit`, { path: 'e.txt', ...body }), 200),
        'the answer to an edit',
      ).replacements;
    equal(await edit({ oldString: 'one', newString: 'three' }), 1, 'replacements');
    equal(await textOf(probe, session, 'e.txt'), 'three one one', 'the text');
    equal(await edit({ oldString: 'one', newString: 'fifty', replaceAll: true }), 2, 'replacements of all');
    equal(await textOf(probe, session, 'e.txt'), 'three fifty fifty', 'the text');
  },
  'are moved, over one that is there, with missing folders made': async (probe) => {
    const session = await withFile(probe, 'from.txt', 'moved');
    await probe.put(session, 'deep/to.txt', 'old');
    const body = { from: 'from.txt', to: 'deep/to.txt' };
    await acknowledged(await probe.post(`${session}/fs/move`, body));
    equal(await textOf(probe, session, 'deep/to.txt'), 'moved', 'the text');
    await rejected(await probe.file(session, 'from.txt'), 404, 'NOT_FOUND');
    await acknowledged(await probe.post(`${session}/fs/move`, { from: 'deep/to.txt', to: 'new/place.txt' }));
    equal(await textOf(probe, session, 'new/place.txt'), 'moved', 'the text');
  },
  'can come with the session': async (probe) => {
    const attachments = [
      { path: 'in/t.txt', content: 'text' },
      { path: 'b.bin', content: btoa('bytes'), encoding: 'base64' },
    ];
    const session = await probe.session({ attachments });
    equal(await textOf(probe, session, 'in/t.txt'), 'text', 'the text');
    equal(await textOf(probe, session, 'b.bin'), 'bytes', 'the bytes');
  },
  'need a path': async (probe) => {
    const session = await probe.session();
    await rejected(await probe.get(`${session}/fs/file`), 400, 'MISSING_PATH');
    await rejected(await probe.file(session, ''), 400, 'MISSING_PATH');
  },
  'outside of the session are refused': async (probe) => {
    const session = await probe.session();
    const { details } = await rejected(await probe.file(session, '../etc/passwd'), 400, 'PATH_ESCAPE');
    equal((details as { attempted?: unknown } | undefined)?.attempted, '../etc/passwd', 'details.attempted');
    await rejected(await probe.file(session, '/etc/passwd'), 400);
    await rejected(await probe.put(session, 'a/../../x', 'x'), 400, 'PATH_ESCAPE');
    await rejected(await probe.get(`${session}/fs/tree?path=..`), 400, 'PATH_ESCAPE');
  },
});
