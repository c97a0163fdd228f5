import { describe, expect, it } from 'vitest';
import { createLog, type LogInit, redacted, redaction } from '../src/log.ts';
import { TestHarness } from './helpers/harness.ts';

/** A log and what it has written. */
function logging(init: Partial<LogInit> = {}) {
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line), redact: (text) => text, ...init });
  return { log, lines };
}

describe('the log', () => {
  it('writes JSON lines without the secrets, however JSON spells them', () => {
    const secrets = ['se"cret\nkey', 'se', ''];
    const { log, lines } = logging({ redact: redaction(secrets) });
    redacted(log, redaction(['of the session']))('event', {
      a: 'x se"cret\nkey y',
      b: { c: 'se"cret\nkey' },
      d: 'of the session',
    });
    expect(JSON.parse(lines.join(''))).toEqual({
      t: expect.stringMatching(/^\d{4}-.*Z$/),
      level: 'info',
      event: 'event',
      a: 'x *** y',
      b: { c: '***' },
      d: '***',
    });
    expect(lines[0]?.endsWith('}\n')).toBe(true);
  });

  it('is read by a person on a terminal, or where that is asked for', () => {
    const { log, lines } = logging({ isTerminal: true, redact: redaction(['secret']) });
    log('http.error', { route: '/v1/x', message: 'a "secret"', left: undefined });
    expect(lines).toEqual([
      expect.stringMatching(
        /^\d\d:\d\d:\d\d\.\d{3} error http\.error route="\/v1\/x" message="a \\"\*\*\*\\""\n$/,
      ),
    ]);
    const json = logging({ isTerminal: true, env: { COMPUTERAGENT_LOG_FORMAT: 'json' } });
    json.log('event');
    expect(json.lines[0]).toMatch(/^\{/);
    const pretty = logging({ env: { COMPUTERAGENT_LOG_FORMAT: 'pretty' } });
    pretty.log('event');
    expect(pretty.lines[0]).toMatch(/ info {2}event\n$/);
  });

  it('says as much as is asked for, also when that is asked for later', () => {
    const env: Record<string, string> = {};
    const { log, lines } = logging({ env });
    const written = (level: string): number => {
      env['COMPUTERAGENT_LOG'] = level;
      lines.length = 0;
      for (const event of ['http.request', 'session.create', 'http.error', 'preload.failed']) log(event);
      return lines.length;
    };
    expect(['debug', 'info', 'warn', 'error', 'silent', 'nonsense'].map(written)).toEqual([4, 3, 2, 2, 0, 3]);
  });
});

describe('a request', () => {
  it('is logged by its route: its path may hold the token', async () => {
    const { log, lines } = logging({ env: { COMPUTERAGENT_LOG: 'debug' } });
    const token = 'a-token-of-this-test';
    await using harness = await TestHarness.start({ token, log });
    await harness.request(`/t/${token}/v1/sessions/nobody`);
    const [line = ''] = lines;
    expect(JSON.parse(line)).toMatchObject({
      level: 'debug',
      event: 'http.request',
      method: 'GET',
      status: 404,
    });
    expect(line).toContain('/v1/sessions/:id');
    expect(line).not.toContain(token);
  });
});
