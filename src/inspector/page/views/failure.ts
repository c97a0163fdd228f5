import { byId, el } from '../dom.ts';
import { words } from '../format.ts';
import type { Json } from '../../records.ts';
import type { Store } from '../store.ts';
import type { VmState } from '../vm-state.ts';

const CONSOLE_LINES = 14;

/** Says why a VM failed, what to do, and what its console said last. */
export function failure(store: Store): () => void {
  const section = byId('failure');
  let shown = '';
  return () => {
    const state = store.shown;
    const failed = state?.failure;
    section.hidden = !failed;
    if (!failed || !state) return;
    const console = state.lines.get('console') ?? [];
    const key = JSON.stringify([state.facts?.vm, failed, state.hint, console.length]);
    if (key === shown) return;
    shown = key;
    section.replaceChildren(...partsOf(failed, state, console));
  };
}

type Failed = NonNullable<VmState['failure']>;

function partsOf(
  failed: Failed,
  { failedAt, firstAt, hint }: VmState,
  console: readonly string[],
): HTMLElement[] {
  const text = (field: string) => (typeof failed[field] === 'string' ? failed[field] : undefined);
  const after = failedAt === undefined ? '' : ` after ${((failedAt - firstAt) / 1000).toFixed(1)} s`;
  const attempt = Number(failed['attempt'] ?? 1) > 1 ? `, attempt ${words(failed['attempt'])}` : '';
  const parts: (HTMLElement | undefined)[] = [
    el(
      'div',
      { class: 'failure-head' },
      el('span', { class: 'code' }, text('code') ?? 'FAILED'),
      el('span', { class: 'muted' }, `in ${text('step') ?? '?'}${attempt}${after}`),
    ),
    el('p', { class: 'failure-message' }, text('message') ?? ''),
    text('lastError') === undefined
      ? undefined
      : el('p', { class: 'muted' }, `Last error: ${text('lastError')}`),
    advice(hint ?? text('hint')),
    factsOf(failed['facts']),
    excerpt('Output of the program that failed', (text('stderrTail') ?? '').split('\n')),
    excerpt('Console', console.slice(-CONSOLE_LINES)),
  ];
  return parts.filter((part) => part !== undefined);
}

const advice = (hint: string | undefined): HTMLElement | undefined =>
  hint === undefined
    ? undefined
    : el('p', { class: 'hint' }, el('strong', {}, 'What to do'), el('span', {}, hint));

function factsOf(facts: Json | undefined): HTMLElement | undefined {
  const entries = typeof facts === 'object' && facts !== null ? Object.entries(facts) : [];
  if (entries.length === 0) return undefined;
  const items = entries.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, words(value))));
  return el('dl', { class: 'facts' }, ...items);
}

function excerpt(title: string, lines: readonly string[]): HTMLElement | undefined {
  const text = lines.join('\n').trimEnd();
  if (text === '') return undefined;
  return el(
    'details',
    { open: true },
    el('summary', {}, title),
    el('pre', { class: 'log', tabindex: 0 }, text),
  );
}
