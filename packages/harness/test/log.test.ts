import { describe, expect, it } from 'vitest';
import { createLog, redacted, redaction } from '../src/log.ts';

describe('the log', () => {
  it('writes JSON lines without the secrets, however JSON spells them', () => {
    const lines: string[] = [];
    const secrets = ['se"cret\nkey', 'se', ''];
    const log = createLog((line) => lines.push(line), redaction(secrets));
    redacted(log, redaction(['of the session']))('event', {
      a: 'x se"cret\nkey y',
      b: { c: 'se"cret\nkey' },
      d: 'of the session',
    });
    expect(JSON.parse(lines.join(''))).toMatchObject({
      event: 'event',
      a: 'x *** y',
      b: { c: '***' },
      d: '***',
    });
    expect(lines[0]?.endsWith('}\n')).toBe(true);
  });
});
