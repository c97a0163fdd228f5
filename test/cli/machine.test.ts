import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { streams } from '../helpers/streams.ts';

async function vzvm(...argv: string[]) {
  const [out, log]: [string[], string[]] = [[], []];
  const status = await runCli(argv, {
    signal: new AbortController().signal,
    ...streams,
    out: (line) => void out.push(line),
    log: (line) => void log.push(line),
    substrate: () => {
      throw new Error('needs no substrate');
    },
  });
  return { status, out: out.join('\n'), log: log.join('\n') };
}

describe('vzvm machine', () => {
  it('prints the chart in each format', async () => {
    expect((await vzvm('machine')).out).toMatch(/^stateDiagram-v2\n.*"cloning"/s);
    expect((await vzvm('machine', '--format', 'svg')).out).toMatch(
      /^<svg .*data-state="vm.alive.cloning".*<\/svg>$/s,
    );
    const { nodes } = JSON.parse((await vzvm('machine', '--format', 'json')).out) as { nodes: unknown[] };
    expect(nodes).toContainEqual(expect.objectContaining({ id: 'vm.alive.cloning', parent: 'vm.alive' }));
    expect((await vzvm('machine', '--json')).out).toBe((await vzvm('machine', '--format', 'json')).out);
  });

  it('names the formats that there are', async () => {
    const { status, log } = await vzvm('machine', '--format', 'png');
    expect({ status, log }).toMatchObject({
      status: 64,
      log: expect.stringContaining('mermaid, svg, json, not png'),
    });
  });
});
