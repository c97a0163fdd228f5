import { describe, expect, it } from 'vitest';
import { Redactor } from '../../src/inspector/index.ts';

const SECRET = 'cánary/+=&"s3cret value';

describe('what is shown', () => {
  it('is plain JSON, whatever it was', () => {
    const loop: Record<string, unknown> = { name: 'loop' };
    loop['self'] = loop;
    const value = {
      loop,
      error: Object.assign(new TypeError('no'), { code: 'E', hint: 'try again' }),
      map: new Map([['a', 1]]),
      many: Array.from({ length: 1000 }, (_, index) => index),
      at: new Date(0),
      bytes: new Uint8Array(3),
      big: 7n,
      nothing: undefined,
      infinite: Infinity,
      work: function work() {},
      get broken(): string {
        throw new Error('cannot be read');
      },
    };
    const shown = new Redactor().plain('context', value);
    expect(JSON.parse(JSON.stringify(shown))).toEqual(shown);
    expect(shown).toBe('[redacted]'); // One getter that throws cannot be told from one that must not be called.
    const { broken: _, ...readable } = Object.getOwnPropertyDescriptors(value);
    expect(new Redactor().plain('context', Object.defineProperties({}, readable))).toMatchObject({
      loop: { name: 'loop', self: '…' },
      error: { name: 'TypeError', message: 'no', code: 'E', hint: 'try again' },
      map: [['a', 1]],
      at: '1970-01-01T00:00:00.000Z',
      bytes: '3 bytes',
      big: '7n',
      nothing: null,
      infinite: 'Infinity',
      work: 'ƒ work',
    });
  });

  it('is bounded: long texts, long lists, deep values', () => {
    let deep: unknown = 'the bottom';
    for (let level = 0; level < 60; level += 1) deep = { deep };
    const shown = JSON.stringify(
      new Redactor().plain('context', { text: 'x'.repeat(1e6), list: Array(1e5).fill(1), deep }),
    );
    expect(shown.length).toBeLessThan(40_000);
    expect(shown).not.toContain('the bottom');
  });
});

describe('a secret', () => {
  it('is known by its value, in every part and in the ways it is written', () => {
    const redactor = new Redactor();
    redactor.hide([SECRET, undefined, '']);
    const written = [
      SECRET,
      encodeURIComponent(SECRET),
      JSON.stringify(SECRET),
      btoa(unescape(encodeURIComponent(SECRET))),
    ];
    for (const text of written) {
      const shown = JSON.stringify([
        redactor.text(`before ${text} after`),
        redactor.plain('error', new Error(`it said ${text}`)),
        redactor.plain('event', { output: [{ [`key ${text}`]: text }] }),
      ]);
      for (const form of written) expect(shown).not.toContain(form);
      expect(shown).not.toContain('s3cret');
    }
    expect(redactor.text('before and after')).toBe('before and after');
  });

  it('is known line by line when it has several', () => {
    const redactor = new Redactor();
    redactor.hide(['line one of a secret\nline two of a secret\nend']);
    expect(redactor.text('> line two of a secret <')).toBe('> [redacted] <');
  });

  it('that is short is hidden only where it stands alone: it may be a word', () => {
    const redactor = new Redactor();
    redactor.hide(['admin']);
    expect(redactor.plain('input', { given: 'admin', path: '/home/admin/x' })).toEqual({
      given: '[redacted]',
      path: '/home/admin/x',
    });
  });

  it('that is a part of another one leaves nothing of the longer one', () => {
    const redactor = new Redactor();
    redactor.hide(['abcdefgh', 'abcdefgh-and-more']);
    expect(redactor.text('abcdefgh-and-more')).toBe('[redacted]');
    expect(redactor.text('<abcdefgh-and-more>')).toBe('<[redacted]>');
  });

  it.each([
    [
      'a field',
      {
        sshPassword: 'x1',
        apiKey: 'x1',
        AUTH_TOKEN: 'x1',
        Authorization: 'x1',
        nested: { clientSecret: { a: 'x1' } },
      },
    ],
    ['an environment', { env: { A: 'x1' }, envs: { B: 'x1' }, input: { environment: { C: 'x1' } } }],
  ])('is known by the name of %s', (_, value) => {
    const shown = JSON.stringify(new Redactor().plain('input', value));
    expect(shown).not.toContain('x1');
    expect(shown).toContain('[redacted]');
  });

  it.each([
    `sk-ant-${'a1'.repeat(12)}`,
    'ghp_abcdefghijklmnopqrstuvwxyz0123456789',
    'npm_abcdefghijklmnopqrstuvwxyz0123456789',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLXNpZ25hdHVyZQ',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----',
  ])('is known by its looks: %s', (secret) => {
    const shown = new Redactor().text(`it is ${secret} here`);
    expect(shown).toBe('it is [redacted] here');
  });

  it.each([
    ['Authorization: Bearer abc.def-ghi', 'Authorization: Bearer [redacted]'],
    ['https://user:pass@host/path', 'https://[redacted]@host/path'],
    ['http://10.0.0.9:7700/t/0123456789abcdefghij/v1', 'http://10.0.0.9:7700/t/[redacted]/v1'],
    ['MY_TOKEN=abc other=1', 'MY_TOKEN=[redacted] other=1'],
    ['curl --password hunter2 x', 'curl --password [redacted] x'],
  ])('is known by where it stands: %s', (text, shown) => {
    expect(new Redactor().text(text)).toBe(shown);
  });
});

describe('your own say', () => {
  it('comes first, sees every value by its path, and can only hide more', () => {
    const seen: string[] = [];
    const redactor = new Redactor((path, value) => {
      seen.push(path);
      return path === 'context.address' ? '(an address)' : value;
    });
    redactor.hide(['the-secret-value']);
    const value = { address: '10.0.0.9', list: ['the-secret-value'] };
    expect(redactor.plain('context', value)).toEqual({ address: '(an address)', list: ['[redacted]'] });
    expect(seen).toEqual(['context', 'context.address', 'context.list', 'context.list[0]']);
  });

  it('hides what it throws at', () => {
    const redactor = new Redactor(() => {
      throw new Error('a bug');
    });
    expect(redactor.plain('event', { type: 'X' })).toBe('[redacted]');
  });
});
