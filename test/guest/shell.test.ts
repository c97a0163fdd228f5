import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quote } from '../../src/guest/index.ts';
import { script } from '../../src/guest/shell.ts';

const SHELLS = ['/bin/sh', '/bin/dash', '/bin/bash'];
const argument = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom("'", '"', '\\', '$', '`', '\n', '!', ' ', '~', '=', '*', 'a') }),
  )
  .filter((text) => !text.includes('\0') && Buffer.from(text).toString() === text);

describe('quote', () => {
  it.each(SHELLS)('makes %s see exactly what was given', (shell) => {
    // One process for many words: each run of a shell costs more than the property.
    fc.assert(
      fc.property(fc.array(argument, { minLength: 20, maxLength: 60 }), (words) => {
        const { stdout } = spawnSync(shell, ['-c', `printf '%s\\0' ${words.map(quote).join(' ')}`], {
          encoding: 'utf8',
        });
        expect(stdout.split('\0').slice(0, -1)).toEqual(words);
      }),
      { numRuns: 15 },
    );
  });

  it('leaves a plain path readable', () => {
    expect(quote('/home/admin/harness-1.0')).toBe('/home/admin/harness-1.0');
    expect(quote('')).toBe("''");
    expect(quote('A=b')).toBe("'A=b'");
  });

  it('refuses what no argument can hold', () => {
    expect(() => quote('a\0b')).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});

describe('script', () => {
  it.each(SHELLS)(
    'reaches sh unchanged through %s as the login shell, and stops at the first failure',
    (shell) => {
      const recipe = script(`printf '%s\\n' ${quote("it's $HOME")}`, 'false', 'echo never');
      const { status, stdout } = spawnSync(shell, ['-c', recipe], { encoding: 'utf8' });
      expect([status, stdout]).toEqual([1, "it's $HOME\n"]);
    },
  );
});
