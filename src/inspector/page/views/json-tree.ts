import type { Json } from '../../records.ts';
import { el } from '../dom.ts';

const OPEN_DEPTH = 1;
const FEW = 6;

/** JSON as a tree whose branches open. */
export function jsonTree(value: Json, depth = 0): HTMLElement {
  if (typeof value !== 'object' || value === null) return leaf(value);
  const entries = Object.entries(value) as [string, Json][];
  if (entries.length === 0) return el('span', { class: 'json-empty' }, Array.isArray(value) ? '[ ]' : '{ }');
  return el('dl', { class: 'json' }, ...entries.map(([key, child]) => branch(key, child, depth)));
}

function branch(key: string, value: Json, depth: number): HTMLElement {
  const isBranch = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
  if (!isBranch) return el('div', { class: 'json-row' }, el('dt', {}, key), el('dd', {}, jsonTree(value)));
  const size = Object.keys(value).length;
  const isOpen = depth < OPEN_DEPTH && size <= FEW;
  const summary = el(
    'summary',
    {},
    key,
    el('span', { class: 'json-size' }, Array.isArray(value) ? `[${size}]` : `{${size}}`),
  );
  return el('details', { class: 'json-row', open: isOpen }, summary, jsonTree(value, depth + 1));
}

function leaf(value: null | boolean | number | string): HTMLElement {
  if (value === '[redacted]')
    return el('span', { class: 'json-hidden', title: 'A secret: it never leaves the program' }, 'hidden');
  const kind = value === null ? 'null' : typeof value;
  return el('span', { class: `json-${kind}` }, String(value));
}
