import elkModule, { type ElkExtendedEdge, type ElkNode } from 'elkjs/lib/elk.bundled.js';
import type { Chart, ChartEdge, ChartNode, Point } from '../../src/inspector/chart/types.ts';
import { type Line, linesOf } from './draw-lines.ts';
import type { ReadMachine, ReadNode } from './read-machine.ts';

// Its types say that the module is a class; it is an object that has one.
const Elk = ((elkModule as unknown as { default?: typeof elkModule.default }).default ??
  elkModule) as unknown as typeof elkModule.default;

/** Widths of letters in monospace: what is drawn and what is measured here have to agree. */
const KEY = { letter: 7.9, height: 18 };
const LABEL = { letter: 6.1, height: 14 };
const START = 9;

const COMMON = {
  'elk.algorithm': 'layered',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.hierarchyHandling': 'SEPARATE_CHILDREN',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.cycleBreaking.strategy': 'MODEL_ORDER',
  'elk.layered.spacing.nodeNodeBetweenLayers': '18',
  'elk.layered.spacing.edgeNodeBetweenLayers': '12',
  'elk.spacing.nodeNode': '26',
  'elk.spacing.edgeNode': '14',
  'elk.spacing.edgeEdge': '10',
  'elk.spacing.edgeLabel': '3',
  'elk.spacing.componentComponent': '26',
  // Regions are drawn below each other: beside each other they would not fit on a page.
  'elk.aspectRatio': '0.3',
  'elk.edgeLabels.placement': 'CENTER',
};

/** Gives every state and every line of a chart a place. The same chart is always given the same ones. */
export async function layOut(machine: ReadMachine): Promise<Chart> {
  const lines = linesOf(machine);
  const root = machine.nodes[0] as ReadNode;
  const graph = {
    id: '',
    layoutOptions: {
      ...COMMON,
      'elk.padding': pad(6, 6),
      'elk.json.edgeCoords': 'ROOT',
      'elk.json.shapeCoords': 'ROOT',
    },
    children: [toElk(root, machine, lines)],
  };
  const done: ElkNode = await new Elk().layout(graph);
  const placed = new Map(flat(done).map((node) => [node.id, node]));
  const drawn = new Map(flat(done).flatMap((node) => (node.edges ?? []).map((edge) => [edge.id, edge])));
  return {
    id: machine.id,
    width: Math.ceil(done.width ?? 0),
    height: Math.ceil(done.height ?? 0),
    nodes: machine.nodes.map((node) => nodeAt(node, placed)),
    edges: [...lines, ...machine.nodes.flatMap(startLine)].map((line) => edgeAt(line, drawn)),
  };
}

const pad = (top: number, other: number) => `[top=${top},left=${other},bottom=${other},right=${other}]`;
const flat = (node: ElkNode): ElkNode[] => [node, ...(node.children ?? []).flatMap(flat)];
const startOf = (id: string) => `${id} (start)`;

/** The way into an initial state is a line, too. */
function startLine({ id, initial }: ReadNode): Line[] {
  if (initial === undefined) return [];
  return [{ id: `${startOf(id)} -> ${initial}`, source: id, target: initial, texts: [], transitions: [] }];
}

function toElk(node: ReadNode, machine: ReadMachine, lines: readonly Line[]): ElkNode {
  const children = machine.nodes.filter(({ parent }) => parent === node.id);
  const width = widthOf(node);
  if (children.length === 0) return { id: node.id, width, height: heightOf(node) };
  const within = lines.filter(({ source }) => children.some(({ id }) => id === source));
  const start = startLine(node).map((line) => ({ ...line, source: startOf(node.id) }));
  return {
    id: node.id,
    layoutOptions: {
      ...COMMON,
      'elk.direction': children.some(({ initial, type }) => initial ?? type === 'parallel')
        ? 'DOWN'
        : 'RIGHT',
      'elk.padding': pad(heightOf(node) + 8, 14),
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${width + 10},0)`,
    },
    children: [
      ...start.map(({ source }) => ({
        id: source,
        width: START,
        height: START,
        layoutOptions: { 'elk.layered.layering.layerConstraint': 'FIRST' },
      })),
      ...children.map((child) => toElk(child, machine, lines)),
    ],
    edges: [...start, ...within].map(toElkEdge),
  };
}

const widthOf = (node: ReadNode): number =>
  Math.round(20 + Math.max(node.key.length * KEY.letter, node.invokes.join(', ').length * LABEL.letter + 14));

const heightOf = ({ invokes }: ReadNode): number => 12 + KEY.height + (invokes.length > 0 ? LABEL.height : 0);

function toElkEdge({ id, source, target, texts }: Line): ElkExtendedEdge {
  const labels = texts.map((text) => ({
    text,
    width: Math.round(text.length * LABEL.letter + 8),
    height: LABEL.height,
  }));
  return { id, sources: [source], targets: [target], labels };
}

const round = (value: number | undefined): number => Math.round((value ?? 0) * 10) / 10;
const pointAt = ({ x, y }: Point): Point => ({ x: round(x), y: round(y) });

function nodeAt(node: ReadNode, placed: ReadonlyMap<string, ElkNode>): ChartNode {
  const { x, y, width, height } = placed.get(node.id) ?? {};
  const start = placed.get(startOf(node.id));
  return {
    ...node,
    x: round(x),
    y: round(y),
    width: round(width),
    height: round(height),
    ...(start === undefined
      ? {}
      : { start: pointAt({ x: (start.x ?? 0) + START / 2, y: (start.y ?? 0) + START / 2 }) }),
  };
}

function edgeAt({ texts, ...line }: Line, drawn: ReadonlyMap<string, ElkExtendedEdge>): ChartEdge {
  const { sections = [], labels = [] } = drawn.get(line.id) ?? {};
  return {
    ...line,
    label: texts[0] ?? '',
    labels: labels.map(({ text = '', x, y, width, height }) => ({
      text,
      x: round(x),
      y: round(y),
      width: round(width),
      height: round(height),
    })),
    points: sections
      .flatMap(({ startPoint, bendPoints = [], endPoint }) => [startPoint, ...bendPoints, endPoint])
      .map(pointAt),
  };
}
