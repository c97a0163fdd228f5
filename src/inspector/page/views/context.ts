import type { Json } from '../../records.ts';
import { el } from '../dom.ts';
import type { Store } from '../store.ts';
import { jsonTree } from './json-tree.ts';
import type { Panel } from './panel.ts';

/** Shows what the machine remembers, what runs for it, and what came of it. */
export function context(store: Store): Panel {
  const element = el('div', { class: 'context-panel' });
  let key = '';
  const draw = () => {
    const state = store.shown;
    if (!state) return;
    const next = `${state.facts?.vm} ${state.snapshot?.seq} ${store.choices.moment}`;
    if (next === key) return;
    key = next;
    const { snapshot, path } = state;
    element.replaceChildren(
      ...section('Tags', snapshot?.tags ?? []),
      ...section(
        'Active states',
        path.active.filter((id) => !path.active.some((other) => other.startsWith(`${id}.`))),
      ),
      ...section('Actors at work', snapshot?.children ?? []),
      ...tree('Output', snapshot?.output),
      ...tree('Error', snapshot?.error),
      ...tree('Context', snapshot?.context),
    );
  };
  return { id: 'context', title: 'Context', element, draw };
}

function section(title: string, words: readonly string[]): HTMLElement[] {
  if (words.length === 0) return [];
  return [el('h3', {}, title), el('p', { class: 'words' }, ...words.map((word) => el('code', {}, word)))];
}

function tree(title: string, value: Json | undefined): HTMLElement[] {
  return value === undefined ? [] : [el('h3', {}, title), jsonTree(value)];
}
