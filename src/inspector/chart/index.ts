import type { Chart } from './types.ts';
import generated from './vm-chart.json' with { type: 'json' };

export { chartToMermaid } from './mermaid.ts';
export { chartToSvg } from './svg.ts';
export type { Chart, ChartNode } from './types.ts';

/** The chart of a VM, laid out. Made by `npm run build:chart`; a test holds it against the chart itself. */
export const vmChart = generated as Chart;
