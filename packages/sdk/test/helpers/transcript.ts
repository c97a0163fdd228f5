import type { ServerResponse } from 'node:http';
import { json, type Reply, type ScriptedHarness } from './scripted-harness.ts';

/** Where its engine's transcript is. */
export const KEY = { projectKey: 'p', sessionId: 'engine' };

/** The host-side store of a scripted harness: what was given to it, and what its engine writes. */
export class ScriptedTranscript {
  /** Bodies of the transcripts that it was given, by session. */
  readonly seeds: { readonly id: string; readonly lines: unknown[] }[] = [];
  /** `after` of each request, in order. */
  readonly asked: number[] = [];
  /** Added to the number that a flush answers: lines that are yet to come. */
  behind = 0;
  /** Whether its session has ended: who follows is told what there is, and no more. */
  over = false;
  readonly #lines: string[] = [];
  readonly #followers = new Set<ServerResponse>();

  /** Answers the requests of a host-side store, and leaves all others. */
  readonly reply: Reply = (response, { method, url, body }) => {
    const path = new URL(url, 'http://x').pathname;
    if (method === 'PUT' && path.startsWith('/v1/transcripts/')) {
      const lines = body.split('\n').filter((line) => line !== '');
      this.seeds.push({ id: path.split('/').at(-1) ?? '', lines: lines.map((line) => JSON.parse(line)) });
      json(response, 200, { ok: true, lines: lines.length, entries: lines.length });
      return true;
    }
    if (path.endsWith('/flush')) {
      json(response, 200, { ok: true, seq: this.#lines.length + this.behind });
      return true;
    }
    if (/\/(?:end-input|cancel)$/.test(path)) this.end();
    if (!path.endsWith('/transcript')) return false;
    this.#follow(response, Number(new URL(url, 'http://x').searchParams.get('after')));
    return true;
  };

  static on(harness: ScriptedHarness): ScriptedTranscript {
    const transcript = new ScriptedTranscript();
    harness.reply = transcript.reply;
    return transcript;
  }

  /** The engine writes. */
  write(...entries: readonly unknown[]): void {
    const line = `${JSON.stringify({ seq: this.#lines.length + 1, key: KEY, entries })}\n`;
    this.#lines.push(line);
    for (const follower of this.#followers) follower.write(line);
  }

  /** Breaks the connections of those who follow, in the middle of a line. */
  break(): void {
    for (const follower of this.#followers) {
      follower.write('{"seq":');
      follower.destroy();
    }
  }

  /** Ends the answers to those who follow, as with the session. */
  end(): void {
    for (const follower of this.#followers) follower.end();
  }

  #follow(response: ServerResponse, after: number): void {
    this.asked.push(after);
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.write(`\n${this.#lines.slice(after).join('')}`);
    if (this.over) return void response.end();
    this.#followers.add(response);
    response.on('close', () => this.#followers.delete(response));
  }
}
