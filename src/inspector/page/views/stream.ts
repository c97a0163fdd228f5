import type { InspectorRecord } from '../../records.ts';
import { el } from '../dom.ts';
import { offset } from '../format.ts';
import type { History } from '../history.ts';
import type { Store } from '../store.ts';
import { jsonTree } from './json-tree.ts';
import type { Panel } from './panel.ts';
import { follower } from './follow.ts';
import { lineOf } from './stream-text.ts';

const KINDS = ['microstep', 'event', 'action', 'snapshot', 'actor', 'log'] as const;
const SHOWN_FIRST: ReadonlySet<string> = new Set(['microstep', 'event', 'log']);
const MOST_ROWS = 700;

/** Lists what happened, as it happens. */
export function stream(store: Store): Panel {
  const shown = new Set<string>(SHOWN_FIRST);
  const list = el('div', { class: 'stream', role: 'log', 'aria-label': 'Stream', tabindex: 0 });
  const search = el('input', {
    type: 'search',
    id: 'filter',
    placeholder: 'Filter ( / )',
    'aria-label': 'Filter the stream',
  });
  const none = el('p', { class: 'muted none' }, 'Nothing matches.');
  const chips = KINDS.map((kind) => chip(kind, shown, () => redraw()));
  const follow = follower(list);
  let key = '';
  const draw = () => {
    const { selected } = store;
    if (!selected) return;
    const { moment } = store.choices;
    const text = search.value.trim().toLowerCase();
    const next = [selected.name, selected.records.at(-1)?.seq, moment, text, ...shown].join(' ');
    if (next === key) return;
    key = next;
    const rows = matching(selected, { shown, text, moment });
    list.dataset['vm'] = selected.name;
    reconcile(list, rows, selected);
    none.hidden = rows.length > 0;
    follow.settle();
  };
  const redraw = () => {
    key = '';
    draw();
  };
  search.addEventListener('input', redraw);
  const bar = el(
    'div',
    { class: 'stream-bar' },
    search,
    el('div', { class: 'chips', role: 'group', 'aria-label': 'Kinds' }, ...chips),
  );
  const element = el('div', { class: 'stream-panel' }, bar, none, list, follow.button);
  return { id: 'stream', title: 'Stream', element, draw };
}

function chip(kind: string, shown: Set<string>, redraw: () => void): HTMLElement {
  const button = el(
    'button',
    { type: 'button', class: `chip kind-${kind}`, 'aria-pressed': String(shown.has(kind)) },
    `${kind}s`,
  );
  button.addEventListener('click', () => {
    if (!shown.delete(kind)) shown.add(kind);
    button.setAttribute('aria-pressed', String(shown.has(kind)));
    redraw();
  });
  return button;
}

interface Wanted {
  readonly shown: ReadonlySet<string>;
  readonly text: string;
  readonly moment: number | undefined;
}

/** What each actor says of itself is said of it by the machine's own events, too. */
const UNSAID: ReadonlySet<string> = new Set([
  'xstate.init',
  'xstate.stop',
  'xstate.promise.resolve',
  'xstate.promise.reject',
]);
const always = new Set(['vm', 'digest', 'hint']);

function matching(history: History, { shown, text, moment }: Wanted): readonly InspectorRecord[] {
  const nameOf = namesIn(history);
  const isWanted = (record: InspectorRecord): boolean => {
    if (moment !== undefined && record.at > moment) return false;
    if (!always.has(record.kind) && !shown.has(record.kind)) return false;
    if (record.kind === 'log' && record.source !== 'substrate') return false; // These have their own tabs.
    if (record.kind === 'event' && UNSAID.has(record.event.type)) return false;
    if (text === '') return true;
    const line = lineOf(record, nameOf);
    return `${record.kind} ${line?.text} ${line?.reason}`.toLowerCase().includes(text);
  };
  return history.records.filter(isWanted).slice(-MOST_ROWS);
}

function namesIn(history: History): (actor: string) => string {
  const names = new Map<string, string>();
  for (const record of history.records) if (record.kind === 'actor') names.set(record.actor, record.name);
  return (actor) => (actor === 'root' ? 'the machine' : (names.get(actor) ?? actor));
}

/** Rows that are there stay: what a person has opened or selected is not taken away. */
function reconcile(list: HTMLElement, records: readonly InspectorRecord[], history: History): void {
  const known = new Map<string, Element>();
  for (const row of list.children) known.set((row as HTMLElement).dataset['key'] ?? '', row);
  const nameOf = namesIn(history);
  const wanted = records.map((record) => {
    const key = `${record.vm} ${record.seq}`;
    return known.get(key) ?? rowOf(record, key, history, nameOf);
  });
  const isGrowth =
    list.children.length > 0 && list.children[0] === wanted[0] && list.children.length <= wanted.length;
  const from = isGrowth ? list.children.length : 0;
  if (isGrowth && list.children[from - 1] === wanted[from - 1]) list.append(...wanted.slice(from));
  else list.replaceChildren(...wanted);
}

function rowOf(
  record: InspectorRecord,
  key: string,
  history: History,
  nameOf: (actor: string) => string,
): HTMLElement {
  const line = lineOf(record, nameOf) ?? { text: '', reason: '' };
  const isBad = /^error: |failed/.test(line.text) || /\bfailed\b/.test(line.reason);
  const row = el(
    'details',
    { class: `row kind-${record.kind}${isBad ? ' is-bad' : ''}`, 'data-key': key },
    el(
      'summary',
      {},
      el('time', {}, offset(record.at - history.now.firstAt)),
      el('span', { class: 'kind' }, record.kind),
      el(
        'span',
        { class: 'what' },
        el('span', { class: 'text' }, line.text),
        el('span', { class: 'reason' }, line.reason),
      ),
    ),
  );
  // Built when it is opened: most never are.
  row.addEventListener('toggle', () => {
    if (row.open && row.childElementCount === 1)
      row.append(jsonTree(JSON.parse(JSON.stringify(record)) as never));
  });
  return row;
}
