import type { Chart, ChartEdge, ChartNode, Point } from './types.ts';

/** How a chart is drawn. */
export interface SvgOptions {
  /**
   * Whether the drawing brings its style along, for light and dark. A page that forbids styles within it takes
   * {@link CHART_CSS} into its own instead.
   * @defaultValue true
   */
  readonly styled?: boolean;
}

/**
 * The style of the drawing. A page marks states with the classes `is-active`, `was-active` and `is-failed` on their
 * groups, and lines that were taken with `was-taken`.
 */
export const CHART_CSS = `
.chart{--paper:#fff;--ink:#1c2530;--faint:#5d6b7a;--line:#8794a3;--box:#f4f6f9;--inner:#fff;--edge:#c9d1da;--on:#0b62c4;--on-box:#e3effc;--bad:#b42318;--bad-box:#fdebe9;--ready:#1a7f4b;
font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media (prefers-color-scheme:dark){.chart{--paper:#10151c;--ink:#e3e9f0;--faint:#9aa8b7;--line:#72808f;--box:#18202a;--inner:#1f2935;--edge:#384554;--on:#6cb0ff;--on-box:#12304f;--bad:#ff8f85;--bad-box:#471d1b;--ready:#56c98c}}
.chart .paper{fill:var(--paper)}
.chart .state>rect{fill:var(--box);stroke:var(--edge);stroke-width:1}
.chart .state.atomic>rect,.chart .state.final>rect{fill:var(--inner);stroke:var(--line)}
.chart .state.parallel>rect{stroke-dasharray:6 4;stroke:var(--line)}
.chart .state.final>rect.inner{fill:none}
.chart .state>.key{fill:var(--ink);font-size:13px;font-weight:600}
.chart .state>.runs{fill:var(--faint);font-size:10px}
.chart .state.tag-ready>.key{fill:var(--ready)}
.chart .state.tag-failed>.key{fill:var(--bad)}
.chart .start{fill:var(--ink)}
.chart .edge polyline{fill:none;stroke:var(--line);stroke-width:1.2}
.chart .edge .head{fill:var(--line)}
.chart .edge text{fill:var(--faint);font-size:10px;paint-order:stroke;stroke:var(--box);stroke-width:3px;stroke-linejoin:round}
.chart .state.was-active>rect{stroke:var(--on)}
.chart .state.is-active>rect{stroke:var(--on);stroke-width:2.2}
.chart .state.is-active.atomic>rect,.chart .state.is-active.final>rect{fill:var(--on-box)}
.chart .state.is-failed>rect{stroke:var(--bad);stroke-width:2.2}
.chart .state.is-failed.atomic>rect{fill:var(--bad-box)}
.chart .edge.was-taken polyline{stroke:var(--on);stroke-width:1.8}
.chart .edge.was-taken .head{fill:var(--on)}
.chart .edge.was-taken text{fill:var(--on)}
`.trim();

const HEAD_LENGTH = 7;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replace(/[&<>"]/g, (found) => ENTITIES[found] ?? found);

/**
 * Draws a chart. Each state is a group with `data-state`, its id, and each line one with `data-edge`, its id: what shows
 * a VM adds classes to them.
 */
export function chartToSvg(chart: Chart, { styled = true }: SvgOptions = {}): string {
  const { width, height } = chart;
  return [
    `<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="chart-title">`,
    `<title id="chart-title">The statechart ${escape(chart.id)}</title>`,
    ...(styled ? [`<style>${CHART_CSS}</style>`] : []),
    `<rect class="paper" width="${width}" height="${height}"/>`,
    ...chart.nodes.map(stateGroup),
    ...chart.edges.map(edgeGroup),
    '</svg>',
    '',
  ].join('\n');
}

function stateGroup(node: ChartNode): string {
  const { id, key, type, tags, description, title, invokes, x, y, width, height, start } = node;
  const classes = ['state', type, ...tags.map((tag) => `tag-${tag}`)].join(' ');
  const box = (inset: number, more: string) =>
    `<rect${more} x="${x + inset}" y="${y + inset}" width="${width - 2 * inset}" height="${height - 2 * inset}" rx="${7 - inset}"/>`;
  const told = [title, description].filter(Boolean).join(': ');
  return [
    `<g class="${classes}" data-state="${escape(id)}">`,
    `<title>${escape(told)}</title>`,
    box(0, ''),
    type === 'final' ? box(3, ' class="inner"') : '',
    `<text class="key" x="${x + 10}" y="${y + 19}">${escape(key)}</text>`,
    invokes.length > 0
      ? `<text class="runs" x="${x + 10}" y="${y + 34}">▷ ${escape(invokes.join(', '))}</text>`
      : '',
    start ? `<circle class="start" cx="${start.x}" cy="${start.y}" r="4.5"/>` : '',
    '</g>',
  ].join('');
}

function edgeGroup({ id, source, target, points, labels }: ChartEdge): string {
  const texts = labels.map(
    ({ text, x, y, width, height }) =>
      `<text x="${x + width / 2}" y="${y + height - 4}" text-anchor="middle">${escape(text)}</text>`,
  );
  return [
    `<g class="edge" data-edge="${escape(id)}" data-source="${escape(source)}" data-target="${escape(target)}">`,
    `<polyline points="${points.map(({ x, y }) => `${x},${y}`).join(' ')}"/>`,
    headOf(points),
    ...texts,
    '</g>',
  ].join('');
}

/** The head of an arrow, drawn as what it is: markers are given the colour of their line by no browser alike. */
function headOf(points: readonly Point[]): string {
  const [from, to] = points.slice(-2);
  if (!from || !to) return '';
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const [dx, dy] = [((to.x - from.x) / length) * HEAD_LENGTH, ((to.y - from.y) / length) * HEAD_LENGTH];
  const corner = (side: number) =>
    `${round(to.x - dx - side * dy * 0.5)},${round(to.y - dy + side * dx * 0.5)}`;
  return `<polygon class="head" points="${to.x},${to.y} ${corner(1)} ${corner(-1)}"/>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;
