import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInThisContext } from 'node:vm';
import { createApp, gitAgentProtocolLoader, listen, type Engine } from '@computeragent/harness';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as sdk from '../src/index.ts';
import { rememberingEngine } from './helpers/remembering-engine.ts';

const PAGE = new URL('../../../docs/sdk.md', import.meta.url);
const text = await readFile(PAGE, 'utf8');
const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);
const titles = [...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title);

/** What each block of code prints. */
const PRINTED: readonly (readonly unknown[])[] = [
  [
    'ca_session_started',
    'ca_turn_started',
    'ca_permission_request',
    'ca_permission_decision',
    'sdk_message',
    'ca_usage_snapshot',
    'sdk_message',
    'ca_session_ended',
    [2, 'complete', 0.1, 0.1],
  ],
  [['complete', 1]],
  [
    { type: 'assistant', answer: { behavior: 'allow', updatedInput: { path: 'hello.md', checked: true } } },
    { decision: 'allow' },
  ],
  ['complete'],
  [{ type: 'result', result: '42' }],
  ['a,b\n1,2\n', null, ['in.csv', 'file'], 200],
  ['cancelled', 'complete'],
];

let folder: string;
let url: string;
let close: () => Promise<void>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sdk-docs-'));
  await mkdir(join(folder, 'my-agent'));
  await writeFile(join(folder, 'my-agent/agent.yaml'), 'name: mine\nversion: "1.0.0"\n');
  vi.stubEnv('HOME', folder);
  const engine: Engine = rememberingEngine('claude-agent-sdk');
  const app = createApp({ engines: [engine], loaders: [gitAgentProtocolLoader()], workdirBase: folder });
  const server = await listen(app, '127.0.0.1', 0);
  url = `http://127.0.0.1:${server.port}`;
  close = () => server.close();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await close();
  await rm(folder, { recursive: true });
});

/** Leads to a harness that runs already. */
class Substrate {
  bootHarness = async () => ({ baseUrl: url, shutdown: () => Promise.resolve() });
}

/** Runs a block in place, on a harness of this test. */
async function printedBy(code: string): Promise<unknown[]> {
  const printed: unknown[] = [];
  const print = (...values: readonly unknown[]) =>
    void printed.push(values.length === 1 ? values[0] : values);
  const here = code
    .replaceAll(/^import (\{.*?\}) from '(.*?)';$/gm, "const $1 = modules['$2'];")
    .replaceAll(
      "'./my-agent',",
      `${JSON.stringify(join(folder, 'my-agent'))}, harnessUrl: ${JSON.stringify(url)},`,
    )
    .replaceAll("source: './my-agent'", `source: ${JSON.stringify(join(folder, 'my-agent'))}`);
  const modules = {
    '@computeragent/sdk': sdk,
    '@computeragent/runtime-vzvm': { VZVMSubstrate: Substrate },
  };
  const source = stripTypeScriptTypes(`async function run(modules, console) {${here}}`);
  const run = runInThisContext(`(${source})`) as (...given: unknown[]) => Promise<void>;
  await run(modules, { log: print });
  return printed;
}

describe('docs/sdk.md', () => {
  it('has code that is known here, and tells every option and error', async () => {
    expect(blocks).toHaveLength(PRINTED.length);
    expect(titles).toContain('Permissions');
    const options = await readFile(new URL('../src/options.ts', import.meta.url), 'utf8');
    const names = options.slice(options.indexOf('export interface ComputerAgentOptions'));
    const told = [...names.slice(0, names.indexOf('\n}')).matchAll(/^ {2}readonly (\w+)\??:/gm)].map(
      ([, name]) => name,
    );
    expect(told.length).toBeGreaterThan(20);
    for (const name of told) expect(text).toContain(`\`${name}\``);
    for (const name of Object.keys(sdk).filter((each) => each.endsWith('Error')))
      expect(text).toContain(`\`${name}\``);
  });

  it.each(blocks.map((code, index) => [index, code] as const))(
    'has code that works: block %i',
    async (index, code) => {
      expect(await printedBy(code)).toEqual(PRINTED[index]);
    },
  );
});
