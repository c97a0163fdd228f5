import { describe, expect, it } from 'vitest';
import { assertPlain, gitUrl, withoutCredentials } from '../../src/identity/git-url.ts';

describe('a git url', () => {
  it.each([
    ['github.com/o/r', 'https://github.com/o/r.git'],
    ['github.com/o/r.git', 'https://github.com/o/r.git'],
    ['https://example.org/o/r', 'https://example.org/o/r'],
    ['git@example.org:o/r', 'git@example.org:o/r'],
    ['ssh://git@example.org/o/r', 'ssh://git@example.org/o/r'],
    ['file:///r', 'file:///r'],
  ])('%s is given to git as %s', (url, expected) => {
    expect(gitUrl(url)).toBe(expected);
  });

  it.each(['ext::sh -c id', '--upload-pack=id', 'helper://x', '', ' -x'])(
    'is refused when it is %j',
    (url) => {
      expect(() => gitUrl(url)).toThrow(expect.objectContaining({ code: 'VALIDATION' }));
    },
  );

  it.each(['a\0b', 'a\nb', 'x'.repeat(5_000)])('is refused when no program can be given it', (url) => {
    expect(() => assertPlain('url', url)).toThrow(expect.objectContaining({ code: 'VALIDATION' }));
  });

  it('is shown without what stands before the @', () => {
    expect(withoutCredentials("unable to access 'https://me:pw@example.org/r/'")).toBe(
      "unable to access 'https://***@example.org/r/'",
    );
    expect(withoutCredentials('https://example.org/a@b')).toBe('https://example.org/a@b');
  });
});
