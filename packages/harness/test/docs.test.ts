import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { runInThisContext } from 'node:vm';
import { ERROR_CODES, harnessEvent } from '@computeragent/protocol';
import { describe, expect, it } from 'vitest';
import * as harnessModule from '../src/index.ts';
import { TestHarness } from './helpers/harness.ts';
import { remembering } from './helpers/remembering-engine.ts';

const text = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);

/** Names in the first column of the table below a heading. */
function namesIn(heading: string): string[] {
  const section = text.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, name = '']) => name);
}

/** Runs a block on a harness of this test; answers what it prints. */
async function printedBy(code: string): Promise<unknown[]> {
  const engine = { ...remembering, name: 'claude-agent-sdk' };
  await using harness = await TestHarness.start({ engines: [engine] });
  const printed: unknown[] = [];
  const print = (...values: readonly unknown[]) => void printed.push(values.length > 1 ? values : values[0]);
  const send = (url: string, init?: RequestInit) => harness.request(url, init);
  const here = code.replaceAll(/^import (\{.*?\}) from '.*?';$/gm, (_, names: string) => {
    const values = names.replaceAll(/, type \w+/g, '');
    return `const ${values} = modules;`;
  });
  const source = stripTypeScriptTypes(`async function run(modules, console, fetch, base) {${here}}`);
  const run = runInThisContext(`(${source})`) as (...given: unknown[]) => Promise<void>;
  await run(harnessModule, { log: print }, send, '');
  return printed;
}

describe('docs/protocol.md', () => {
  it('has code that does what it says', async () => {
    expect(blocks).toHaveLength(3);
    const printed: unknown[][] = [];
    for (const block of blocks) printed.push(await printedBy(block));
    expect(printed).toEqual([
      [
        'event: ca_session_started',
        'event: ca_turn_started',
        'event: sdk_message',
        'event: sdk_message',
        'event: ca_session_ended',
        '',
      ],
      [[true, true]],
      [200],
    ]);
  });

  it('tells every code and every kind of event, and no other', () => {
    expect(namesIn('What is rejected').toSorted()).toEqual([...ERROR_CODES].toSorted());
    const kinds = harnessEvent.options.map(({ shape }) => shape.kind.value);
    expect(namesIn('Events').toSorted()).toEqual(kinds.toSorted());
  });

  it('tells only routes that are there', async () => {
    await using harness = await TestHarness.start({ token: 'a-token-of-this-test' });
    await using open = await TestHarness.start();
    await open.create({ sessionId: 'x', streamingInput: true });
    const routes = namesIn('Routes').flatMap((cell) => {
      const [method = '', path = ''] = cell.split(' ');
      return path === '' ? [] : [[method.replace(/,$/, ''), path.replaceAll(/:\w+/g, 'x')] as const];
    });
    expect(routes.length).toBeGreaterThan(12);
    for (const [method, path] of routes) {
      const where = path === '/v1/token' ? harness : open;
      const headers = { authorization: 'Bearer a-token-of-this-test' };
      const { status, headers: got } = await where.request(path, { method, headers });
      // What no route answers is no JSON.
      const isMissing = status === 404 && got.get('content-type')?.startsWith('text/plain') === true;
      expect([method, path, isMissing]).toEqual([method, path, false]);
      if (method === 'DELETE') await open.create({ sessionId: 'x', streamingInput: true });
    }
  });
});
