import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { harnessProgram } from '@computeragent/harness/host';
import { expect, it } from 'vitest';
import { tempDir } from '../../../test/helpers/temp.ts';
import { LOCAL_ERROR_CODES } from '../src/index.ts';
import { programArgs } from '../src/program.ts';

it('is the harness of this project', async () => {
  expect(await programArgs(undefined)).toEqual(['--conditions=source', harnessProgram, '--config-stdin']);
});

it('names the packages to install where the engine is not', async () => {
  await using folder = await tempDir();
  await expect(programArgs(undefined, join(folder.path, 'main.js'))).rejects.toMatchObject({
    code: 'ENGINE_MISSING',
    hint: 'npm install @anthropic-ai/claude-agent-sdk @anthropic-ai/sdk @modelcontextprotocol/sdk',
  });
});

it('is documented whole', () => {
  const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
  const docs = read('docs/local.md');
  const told = [...docs.matchAll(/^\| `(\w+)` +\|/gm)].map((match) => match[1]);
  const options = [...read('packages/runtime-local/src/options.ts').matchAll(/^ {2}readonly (\w+)\?:/gm)];
  expect(told).toEqual([...options.map((match) => match[1]), ...LOCAL_ERROR_CODES]);
});
