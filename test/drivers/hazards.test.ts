import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const url = (path: string) => new URL(`../../${path}`, import.meta.url);

/** The rows of the table of hazards: number, what it is, what is done, and the test that fails without it. */
const rows = readFileSync(url('docs/tart.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| H\d+ /.test(line))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );

/** `file: title, title; file: title`. */
function testsOf(cell: string): readonly { readonly file: string; readonly title: string }[] {
  return cell.split('; ').flatMap((part) => {
    const [, path = '', titles = ''] = /^`?([^`:]+)`?: (.+)$/.exec(part) ?? [];
    const file = path.includes('/') ? `${path}.test.ts` : `test/drivers/tart/${path}.test.ts`;
    return titles.split(', ').map((title) => ({ file, title }));
  });
}

/** Whether a file has a test whose title begins so. */
function hasTest(file: string, title: string): boolean {
  if (title === '' || !existsSync(url(file))) return false;
  const strings = readFileSync(url(file), 'utf8').split(/\(\s*['"`]/);
  return strings.some((each) => each.startsWith(title));
}

describe('the table of hazards', () => {
  it('has a row for each', () => {
    expect(rows.map(([number]) => number)).toEqual(Array.from({ length: 31 }, (_, index) => `H${index + 1}`));
  });

  it.each(rows)(
    '%s (%s) names tests that there are, or says that it is out of reach',
    (_, __, done, tests) => {
      const missing =
        tests === ''
          ? !/^out of reach: you see .+; .+/.test(done ?? '')
          : testsOf(tests ?? '').filter(({ file, title }) => !hasTest(file, title));
      expect(missing).toEqual(tests === '' ? false : []);
    },
  );
});
