import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorEnvelope } from '@computeragent/protocol';
import { mock } from '../conformance/mock.ts';
import { inlineAgent, TestHarness } from '../helpers/harness.ts';

const TOKEN = 'a-token-that-nobody-may-read';
const SECRET = 'sk-ant-of-the-session-that-is-there';

/** A harness with a session and files, for requests of any kind. What it answers is looked at each time. */
export class FuzzSubject implements AsyncDisposable {
  /** What requests may name: an error may tell a client the path that it has sent itself. */
  readonly sources: string;
  readonly #harness: TestHarness;
  #session = '';

  private constructor(harness: TestHarness, sources: string) {
    this.#harness = harness;
    this.sources = sources;
  }

  static async start(): Promise<FuzzSubject> {
    const engineEnv = { ANTHROPIC_API_KEY: SECRET };
    const sources = await mkdtemp(join(tmpdir(), 'fuzz-sources-'));
    await mkdir(join(sources, 'store'));
    await writeFile(join(sources, 'file'), 'no folder');
    return new FuzzSubject(await TestHarness.start({ engines: [mock], token: TOKEN, engineEnv }), sources);
  }

  /** A session that is there; made anew after one that a request has ended. */
  async session(): Promise<string> {
    const look = await this.#send(`/v1/sessions/${this.#session || 'none'}`);
    if (((await look.json()) as { status?: string }).status === 'pending') return this.#session;
    const attachments = [
      { path: 'f.txt', content: 'some text' },
      { path: 'd/f.txt', content: 'some text' },
    ];
    const body = JSON.stringify({ ...inlineAgent(), attachments, streamingInput: true });
    const headers = { 'content-type': 'application/json' };
    const made = await this.#send('/v1/sessions', { method: 'POST', headers, body });
    if (made.status !== 201) throw new Error(await made.text());
    this.#session = ((await made.json()) as { sessionId: string }).sessionId;
    return this.#session;
  }

  /** Sends a request, `:id` being the session, and holds the answer to what every answer must be. Answers its status. */
  async ask(path: string, init: RequestInit = {}): Promise<number> {
    const response = await this.#send(path.replace(':id', await this.session()), init);
    const { status } = response;
    if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) {
      await response.body?.cancel();
      return status;
    }
    const text = await response.text();
    if (status >= 500) throw new Error(`${status}: ${text.slice(0, 500)}`);
    if (status >= 400 && init.method !== 'HEAD' && !BARE.includes(text)) {
      errorEnvelope.parse(JSON.parse(text));
      for (const hidden of [this.#harness.folder, TOKEN, SECRET, 'node_modules', 'node:internal'])
        if (text.includes(hidden)) throw new Error(`an error tells ${hidden}: ${text.slice(0, 500)}`);
    }
    if (status === 201) await this.#forget((JSON.parse(text) as { sessionId: string }).sessionId);
    return status;
  }

  /** What no request may ever change: whether the harness answers, and what lies beside the sessions. */
  async state(): Promise<{ readonly health: number; readonly files: readonly string[] }> {
    const files = await readdir(this.#harness.folder);
    return { health: (await this.#send('/v1/health')).status, files: files.toSorted() };
  }

  async #forget(id: string): Promise<void> {
    if (id !== this.#session) await this.#send(`/v1/sessions/${id}`, { method: 'DELETE' });
  }

  #send(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${TOKEN}`);
    return this.#harness.request(path, { ...init, headers });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#harness[Symbol.asyncDispose]();
    await rm(this.sources, { recursive: true });
  }
}

/** Of a path that no route has, and of a part that a file has not. */
const BARE = ['404 Not Found', ''];
/** The state of a harness that is well. */
export const WELL = { health: 200, files: ['computeragent-sessions'] };
