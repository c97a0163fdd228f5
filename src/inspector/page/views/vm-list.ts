import { byId, el } from '../dom.ts';
import { duration, shortState } from '../format.ts';
import type { History } from '../history.ts';
import type { Store } from '../store.ts';
import type { VmState } from '../vm-state.ts';

const WORDS: Readonly<Record<VmState['status'], string>> = {
  booting: 'booting',
  ready: 'ready',
  failed: 'failed',
  disposing: 'going',
  gone: 'gone',
  cancelled: 'ended',
};

/** What a VM is, in a word. */
export const statusWord = (state: VmState): string => WORDS[state.status];

/** Where a VM is, in the words of its chart. */
export function whereIs(state: VmState): string {
  const step = state.context['step'];
  if (state.endedAt !== undefined) return 'disposed';
  return typeof step === 'string' ? step : shortState(state.path.active.at(-1) ?? '');
}

/** Lists the VMs, the newest first. */
export function vmList(store: Store): () => void {
  const list = byId('vm-list');
  const items = new Map<string, HTMLElement>();
  list.addEventListener('keydown', (event) => {
    const step = event.key === 'ArrowDown' || event.key === 'ArrowRight' ? 1 : -1;
    if (!event.key.startsWith('Arrow')) return;
    event.preventDefault();
    chooseNext(store, step);
  });
  return () => {
    const { vms } = store;
    byId('vms-title').textContent = vms.length === 1 ? '1 VM' : `${vms.length} VMs`;
    for (const history of vms) {
      const known = items.get(history.name);
      const item = known ?? makeItem(store, history.name);
      if (!known) items.set(history.name, item);
      fillItem(item, history, history.name === store.choices.vm);
    }
    const wanted = vms.map(({ name }) => items.get(name) as HTMLElement);
    if (wanted.some((item, index) => list.children[index] !== item)) list.replaceChildren(...wanted);
  };
}

/** Chooses the next VM of the list, or the one before. */
export function chooseNext(store: Store, step: 1 | -1): void {
  const names = store.vms.map(({ name }) => name);
  const next = names[names.indexOf(store.choices.vm ?? '') + step];
  if (next === undefined) return;
  store.choose({ vm: next });
  document.getElementById(idOf(next))?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

const idOf = (name: string): string => `vm-${name}`;

function makeItem(store: Store, name: string): HTMLElement {
  const choose = () => store.choose({ vm: name });
  return el(
    'div',
    { class: 'vm-item', role: 'option', id: idOf(name), onclick: choose },
    el('span', { class: 'dot' }),
    el('span', { class: 'vm-name' }, name),
    el('span', { class: 'vm-where' }),
  );
}

function fillItem(item: HTMLElement, { now }: History, isChosen: boolean): void {
  item.dataset['status'] = now.status;
  item.setAttribute('aria-selected', String(isChosen));
  if (isChosen) item.parentElement?.setAttribute('aria-activedescendant', item.id);
  const took = (now.endedAt ?? Date.now()) - now.firstAt;
  const where = now.endedAt === undefined ? whereIs(now) : statusWord(now);
  const text = `${where} · ${duration(took)}`;
  const span = item.lastElementChild as HTMLElement;
  if (span.textContent !== text) span.textContent = text;
}
