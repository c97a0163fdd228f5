import { RunningBundle } from './bundle.ts';
import { rejection } from './harness.ts';

/** What may claim the parked harness of a test. */
export const SECRET = 'the-secret-of-this-template';
/** What a claim of a test makes the token. */
export const TOKEN = 'the-token-of-the-claim';

/** A parked harness: a process of its own, on a port of its own. */
export class ParkedHarness implements AsyncDisposable {
  readonly process: RunningBundle;
  readonly port: number;

  private constructor(process: RunningBundle, port: number) {
    this.process = process;
    this.port = port;
  }

  static async start(
    bundle: string,
    folder: string,
    renew?: { command: readonly string[] },
    more: { maxSessions?: number } = {},
  ) {
    const process = new RunningBundle(bundle, ['--config-stdin'], { HOME: folder, TMPDIR: folder });
    const config = {
      host: '127.0.0.1',
      port: 0,
      parked: { secret: SECRET, ...(renew ? { renew } : {}) },
      ...more,
    };
    process.child.stdin.write(`${JSON.stringify(config)}\n`);
    const { port } = await process.listening();
    return new ParkedHarness(process, port);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  claim(body: unknown, secret: string | null = SECRET): Promise<Response> {
    return this.#post('/v1/claim', body, secret);
  }

  renew(body: unknown, secret: string | null = SECRET): Promise<Response> {
    return this.#post('/v1/renew', body, secret);
  }

  #post(path: string, body: unknown, secret: string | null): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(secret === null ? {} : { authorization: `Bearer ${secret}` }),
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  /** The status and the code that a path is refused with. */
  refusal(path: string, token?: string): Promise<[number, string]> {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return rejection(fetch(`${this.url}${path}`, { headers }));
  }

  async state(): Promise<unknown> {
    const body = (await (await fetch(`${this.url}/v1/health`)).json()) as { state?: string };
    return body.state;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.process[Symbol.asyncDispose]();
  }
}
