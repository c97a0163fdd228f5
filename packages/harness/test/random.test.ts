import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { kernelRandom } from '../src/random.ts';
import { sessionIdFrom } from '../src/session/session-id.ts';

const SOURCE = fileURLToPath(new URL('../src/', import.meta.url));
/** Generators whose state lies in the process. */
const IN_PROCESS = /randomUUID|randomBytes|randomInt|randomFill|getRandomValues|Math\.random/;

it('gives as many bytes as were asked for, others each time', () => {
  expect(kernelRandom(0)).toHaveLength(0);
  expect(kernelRandom(100_000)).toHaveLength(100_000);
  expect(kernelRandom(32).equals(kernelRandom(32))).toBe(false);
  expect(sessionIdFrom(undefined)).toMatch(/^sess_[0-9a-f]{12}$/);
});

it('is where all of the harness gets its randomness from', () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  expect(files).toContain('random.ts');
  const others = files.filter((name) => IN_PROCESS.test(readFileSync(join(SOURCE, name), 'utf8')));
  expect(others).toEqual([]);
});
