import { describe, expect, it } from 'vitest';
import { type Chart, chartToMermaid, chartToSvg, vmChart } from '../../../src/inspector/chart/index.ts';

const node = { width: 10, height: 10, x: 0, y: 0, tags: [], invokes: [], description: '' };
const tiny: Chart = {
  id: 'a<b',
  width: 10,
  height: 10,
  nodes: [
    { ...node, id: 'a<b', key: 'a<b', parent: null, type: 'parallel' },
    { ...node, id: 'a<b.1', key: '1', parent: 'a<b', type: 'compound', initial: 'a<b.1.x' },
    { ...node, id: 'a<b.1.x', key: 'x', parent: 'a<b.1', type: 'final' },
    { ...node, id: 'a<b.2', key: '2', parent: 'a<b', type: 'atomic' },
  ],
  edges: [],
};

describe('chartToSvg', () => {
  it('marks every state and line with its id', () => {
    const svg = chartToSvg(vmChart);
    const ids = (name: string) =>
      [...svg.matchAll(new RegExp(`data-${name}="([^"]+)"`, 'g'))].map(([, id]) => id);
    expect(ids('state')).toEqual(vmChart.nodes.map(({ id }) => id));
    expect(ids('edge')).toEqual(vmChart.edges.map(({ id }) => id.replace('>', '&gt;')));
    expect(svg).not.toMatch(/NaN|undefined/);
  });

  it('brings a style for light and dark, and none where the page has it', () => {
    expect(chartToSvg(tiny)).toContain('prefers-color-scheme:dark');
    expect(chartToSvg(tiny, { styled: false })).not.toContain('style');
  });

  it('writes no markup of names', () => {
    expect(chartToSvg(tiny)).toContain('data-state="a&lt;b"');
    expect(chartToSvg(tiny)).not.toContain('a<b');
  });
});

describe('chartToMermaid', () => {
  it('writes states in each other, regions beside each other, beginnings and ends', () => {
    expect(chartToMermaid(tiny)).toBe(
      [
        'stateDiagram-v2',
        '  state "1" as a_b_1 {',
        '    [*] --> a_b_1_x',
        '    state "x" as a_b_1_x',
        '    a_b_1_x --> [*]',
        '  }',
        '  --',
        '  state "2" as a_b_2',
        '',
      ].join('\n'),
    );
  });

  it('leaves out what is in a state where it is asked to', () => {
    const text = chartToMermaid(tiny, { isLeaf: ({ key }) => key === '1' });
    expect(text).toContain('state "1" as a_b_1\n');
    expect(text).not.toContain('x');
  });

  it('gives every state of the VM one name', () => {
    const names = [...chartToMermaid(vmChart).matchAll(/^ *state ".*" as (\w+)/gm)].map(([, name]) => name);
    expect(new Set(names).size).toBe(vmChart.nodes.length - 1);
  });
});
