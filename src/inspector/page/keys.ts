import { byId, el } from './dom.ts';
import type { Store } from './store.ts';
import { chooseNext } from './views/vm-list.ts';
import type { Zoom } from './views/zoom.ts';

/** What keys do. */
export interface Actions {
  readonly store: Store;
  readonly zoom: Zoom;
  readonly tabs: readonly string[];
  readonly step: (by: 1 | -1) => void;
  readonly toggle: () => void;
}

/** Makes the whole page work by keyboard, and tells how. */
export function keys({ store, zoom, tabs, step, toggle }: Actions): void {
  const help = byId<HTMLDialogElement>('help');
  const showHelp = () => help.showModal();
  const commands: readonly (readonly [key: string, what: string, run: () => void])[] = [
    ['j', 'next VM', () => chooseNext(store, 1)],
    ['k', 'VM before', () => chooseNext(store, -1)],
    ['/', 'filter the stream', () => search(store)],
    ['f', 'follow the active state', () => zoom.follow()],
    ['z', 'whole chart, and back', () => zoom.toggleFit()],
    ['+', 'larger chart', () => zoom.by(1.25)],
    ['-', 'smaller chart', () => zoom.by(0.8)],
    [',', 'one step back in time', () => step(-1)],
    ['.', 'one step on', () => step(1)],
    [' ', 'play, and pause', toggle],
    ['0', 'the present', () => store.choose({ moment: undefined, playing: false })],
    ['?', 'these keys', showHelp],
  ];
  byId('help-button').addEventListener('click', showHelp);
  fillHelp(commands, tabs.length);
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    const { target } = event;
    const isTyping = target instanceof HTMLInputElement && target.type === 'search';
    if (isTyping) return event.key === 'Escape' ? leave(target) : undefined;
    if (event.key === ' ' && target instanceof Element && target.closest('button, summary')) return;
    const tab = tabs[Number(event.key) - 1];
    const run =
      tab === undefined ? commands.find(([key]) => key === event.key)?.[2] : () => store.choose({ tab });
    if (!run) return;
    event.preventDefault();
    run();
  });
}

function leave(input: HTMLInputElement): void {
  if (input.value === '') return input.blur();
  input.value = '';
  input.dispatchEvent(new Event('input'));
}

function search(store: Store): void {
  store.choose({ tab: 'stream' });
  requestAnimationFrame(() => document.getElementById('filter')?.focus());
}

function fillHelp(commands: readonly (readonly [string, string, () => void])[], count: number): void {
  const rows: (readonly [string, string])[] = commands.map(
    ([key, what]) => [key === ' ' ? 'space' : key, what] as const,
  );
  rows.splice(2, 0, [`1 – ${count}`, 'stream, context, logs']);
  byId('help-keys').append(
    ...rows.map(([key, what]) => el('div', {}, el('dt', {}, el('kbd', {}, key)), el('dd', {}, what))),
  );
}
