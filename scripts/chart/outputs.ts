import { vmMachine } from '../../src/machines/vm/index.ts';
import { chartToMermaid } from '../../src/inspector/chart/mermaid.ts';
import { chartToSvg } from '../../src/inspector/chart/svg.ts';
import type { Chart, ChartNode } from '../../src/inspector/chart/types.ts';
import { layOut } from './lay-out.ts';
import { readMachine } from './read-machine.ts';

const [BEGIN, END] = ['<!-- chart: made by npm run build:chart -->', '<!-- end of chart -->'];

/** What is made from the VM's chart: paths from the repository's root, and what is in these files. */
export async function chartOutputs(read: (path: string) => string): Promise<ReadonlyMap<string, string>> {
  const chart = await layOut(readMachine(vmMachine));
  return new Map([
    ['src/inspector/chart/vm-chart.json', toJson(chart)],
    ['docs/vm-chart.svg', chartToSvg(chart)],
    ['README.md', withDiagram(read('README.md'), chart)],
  ]);
}

/** One state and one line of the drawing a line, so that a change of the chart is read in its difference. */
function toJson({ nodes, edges, ...chart }: Chart): string {
  const list = (items: readonly unknown[]) => items.map((item) => `    ${JSON.stringify(item)}`).join(',\n');
  const head = JSON.stringify(chart, undefined, 2).replace(/\n\}$/, '');
  return `${head},\n  "nodes": [\n${list(nodes)}\n  ],\n  "edges": [\n${list(edges)}\n  ]\n}\n`;
}

/** Steps are what a reader of the README wants to see, and not what is in them. */
const isStep = ({ tags }: ChartNode): boolean => tags.length > 0;

function withDiagram(text: string, chart: Chart): string {
  const [start, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (start === -1 || end < start) throw new Error(`README.md has no place for the chart: ${BEGIN} … ${END}`);
  const diagram = chartToMermaid(chart, { isLeaf: isStep });
  return `${text.slice(0, start)}${BEGIN}\n\n\`\`\`mermaid\n${diagram}\`\`\`\n\n${text.slice(end)}`;
}
