import type { Chart, ChartNode } from './types.ts';

/** How much of a chart is written. */
export interface MermaidOptions {
  /** Whether a state is written without what is in it. @defaultValue none is */
  readonly isLeaf?: (node: ChartNode) => boolean;
}

/** Writes a chart as a state diagram of Mermaid, which GitHub and others draw. */
export function chartToMermaid(chart: Chart, { isLeaf = () => false }: MermaidOptions = {}): string {
  const root = chart.nodes.find(({ parent }) => parent === null);
  return ['stateDiagram-v2', ...(root ? insideOf(root, { chart, isLeaf }) : []), ''].join('\n');
}

interface Writing {
  readonly chart: Chart;
  readonly isLeaf: (node: ChartNode) => boolean;
}

const wordOf = (id: string): string => id.replaceAll(/[^A-Za-z0-9]/g, '_');

function insideOf(node: ChartNode, writing: Writing): string[] {
  const { chart } = writing;
  const children = chart.nodes.filter(({ parent }) => parent === node.id);
  const ids = new Set(children.map(({ id }) => id));
  const edges = chart.edges.filter(({ source, target }) => ids.has(source) && ids.has(target));
  const states = children.map((child) => stateOf(child, writing));
  const lines = [
    ...(node.initial === undefined ? [] : [`[*] --> ${wordOf(node.initial)}`]),
    ...(node.type === 'parallel'
      ? states.flatMap((more, at) => (at === 0 ? more : ['--', ...more]))
      : states.flat()),
    ...edges.map(({ source, target, labels }) => {
      const texts = labels.map(({ text }) => text).join(', ');
      return `${wordOf(source)} --> ${wordOf(target)}${texts === '' ? '' : `: ${texts}`}`;
    }),
    ...children.filter(({ type }) => type === 'final').map(({ id }) => `${wordOf(id)} --> [*]`),
  ];
  return lines.map((line) => `  ${line}`);
}

function stateOf(node: ChartNode, writing: Writing): string[] {
  const head = `state "${node.key}" as ${wordOf(node.id)}`;
  const isWhole = node.type === 'atomic' || node.type === 'final' || writing.isLeaf(node);
  return isWhole ? [head] : [`${head} {`, ...insideOf(node, writing), '}'];
}
