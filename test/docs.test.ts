import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../src/errors.ts';
import { STEPS } from '../src/machines/vm/index.ts';
import packages from '../src/drivers/qemu/debian-packages.json' with { type: 'json' };

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

describe('the documentation', () => {
  it('tells every error code, and no other', () => {
    const told = [...read('docs/errors.md').matchAll(/^\| `([A-Z_]+)` +\|/gm)].map((match) => match[1]);
    expect(told).toEqual([...ERROR_CODES]);
  });

  it('tells of every code what happened, how it shows, and what to do', () => {
    const rows = read('docs/errors.md').match(/^\| `[A-Z_]+` .*$/gm) ?? [];
    const cells = rows.map((row) =>
      row
        .split('|')
        .slice(2, -1)
        .map((cell) => cell.trim().length > 5),
    );
    expect(cells).toEqual(ERROR_CODES.map(() => [true, true, true]));
  });

  it('tells every state', () => {
    const readme = read('README.md');
    for (const state of [...STEPS, 'healthy', 'failed', 'disposing', 'disposed'])
      expect(readme).toContain(`\`${state}\``);
  });

  it('tells every option', () => {
    const options = [...read('src/substrate/options.ts').matchAll(/^ {2}readonly (\w+)\?:/gm)].map(
      (match) => match[1],
    );
    expect(options.length).toBeGreaterThan(20);
    const readme = read('README.md');
    for (const option of options) expect(readme).toContain(`\`${option}\``);
  });

  it('names the packages that the QEMU driver needs', () => {
    expect(read('README.md')).toContain(packages.x64.join(' '));
  });
});
