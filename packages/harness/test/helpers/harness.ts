import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CreateSessionResponse, ErrorEnvelope } from '@computeragent/protocol';
import { createApp, type HarnessApp } from '../../src/app.ts';
import type { AppDeps } from '../../src/http/deps.ts';
import { gitAgentProtocolLoader } from '../../src/identity/gitagentprotocol.ts';
import { allFramesOf, type Frame } from './sse.ts';
import { echo } from './scripted-engine.ts';

/** A harness without a port, in a temporary folder of its own. */
export class TestHarness implements AsyncDisposable {
  readonly app: HarnessApp;
  readonly folder: string;

  private constructor(app: HarnessApp, folder: string) {
    this.app = app;
    this.folder = folder;
  }

  static async start(deps: Partial<AppDeps> = {}): Promise<TestHarness> {
    const folder = await mkdtemp(join(tmpdir(), 'harness-test-'));
    const defaults = { engines: [echo], loaders: [gitAgentProtocolLoader()], workdirBase: folder };
    return new TestHarness(createApp({ ...defaults, ...deps }), folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.close();
    await rm(this.folder, { recursive: true });
  }

  request(path: string, init: RequestInit = {}): Promise<Response> {
    return this.app.fetch(new Request(`http://127.0.0.1${path}`, init));
  }

  /** Sends JSON. */
  post(path: string, body: unknown, method = 'POST'): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    return this.request(path, { method, headers, body: JSON.stringify(body) });
  }

  /** Makes a session of an inline agent and returns its id. */
  async create(body: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const response = await this.tryCreate(body);
    if (response.status !== 201) throw new Error(`create: ${response.status} ${await response.text()}`);
    return ((await response.json()) as CreateSessionResponse).sessionId;
  }

  /** The answer to such a request. */
  tryCreate(body: Readonly<Record<string, unknown>>): Promise<Response> {
    return this.post('/v1/sessions', { ...inlineAgent(), ...body });
  }

  send(id: string, content: string): Promise<Response> {
    return this.post(`/v1/sessions/${id}/messages`, { message: { role: 'user', content } });
  }

  events(id: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.request(`/v1/sessions/${id}/events`, { headers });
  }

  /** All frames of a session, to its end. */
  async allFrames(id: string, headers: Record<string, string> = {}): Promise<Frame[]> {
    return allFramesOf(await this.events(id, headers));
  }

  /** Names of the working directories that exist. */
  async workdirs(): Promise<string[]> {
    const entries = await readdir(this.folder, { recursive: false });
    return entries.length === 0 ? [] : readdir(join(this.folder, 'computeragent-sessions'));
  }

  async workdir(): Promise<string> {
    const [only, ...more] = await this.workdirs();
    if (only === undefined || more.length > 0) throw new Error('expected exactly one working directory');
    return join(this.folder, 'computeragent-sessions', only);
  }
}

/** Body of a create request for an agent that is given inline. */
export function inlineAgent(files?: Readonly<Record<string, string>>) {
  const manifest = { name: 'writer', version: '1.0.0' };
  const source = { type: 'inline', manifest, ...(files ? { files } : {}) };
  return { engine: 'scripted', identity: { loader: 'gitagentprotocol', source } };
}

/** What a rejected request says: its status and its code. */
export async function rejection(response: Response | Promise<Response>): Promise<[number, string]> {
  const settled = await response;
  return [settled.status, ((await settled.json()) as ErrorEnvelope).error.code];
}
