import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { run } from '../../src/process/run.ts';

const DOCUMENT = new URL('../../docs/testing.md', import.meta.url);

it('the example of docs/testing.md runs as it stands', async () => {
  const example = /```ts\n([\s\S]+?)```/.exec(readFileSync(DOCUMENT, 'utf8'))?.[1] ?? '';
  expect(example).toContain('replay(');
  const file = fileURLToPath(new URL('docs-example-program.ts', import.meta.url));
  await writeFile(file, example);
  try {
    const args = ['--conditions=source', '--no-warnings', file];
    const { exitCode, stdout, stderrTail } = await run(process.execPath, args, { timeoutMs: 60_000 });
    expect({ exitCode, stderrTail }).toEqual({ exitCode: 0, stderrTail: '' });
    expect(stdout).toMatch(/^vm chart: \d+ of \d+ edges taken$/m);
  } finally {
    await rm(file, { force: true });
  }
});
