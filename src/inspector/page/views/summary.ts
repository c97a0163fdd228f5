import { byId, el } from '../dom.ts';
import { clock, duration, words } from '../format.ts';
import type { Store } from '../store.ts';
import { statusWord, whereIs } from './vm-list.ts';
import type { VmState } from '../vm-state.ts';

/** Names the VM, says what it is, and what it is doing now. */
export function summary(store: Store): () => void {
  const section = byId('summary');
  let shown = '';
  return () => {
    const state = store.shown;
    const moment = store.choices.moment ?? Date.now();
    if (!state?.facts) return;
    const parts = partsOf(state, moment);
    const key = JSON.stringify(parts);
    if (key === shown) return; // What is selected with the mouse stays selected.
    shown = key;
    section.dataset['status'] = state.status;
    section.replaceChildren(
      el(
        'div',
        { class: 'summary-line' },
        el('h2', { class: 'vm-title' }, parts.name),
        el('span', { class: 'pill', 'data-status': state.status }, parts.status),
        el('span', { class: 'doing' }, parts.doing),
      ),
      el('dl', { class: 'facts' }, ...parts.facts.map(([name, value]) => fact(name, value))),
    );
  };
}

const fact = (name: string, value: string) => el('div', {}, el('dt', {}, name), el('dd', {}, value));

function partsOf(state: VmState, moment: number) {
  const { facts, context, firstAt, endedAt } = state;
  const attempt = Number(context['attempt'] ?? 1);
  const looks = Number(context['looks'] ?? 0);
  const tries = attempt > 1 ? `, attempt ${attempt}` : looks > 0 ? `, looked ${looks + 1} times` : '';
  const where = whereIs(state);
  const title = Object.entries(facts?.states ?? {}).find(([id]) => id.split('.').at(-1) === where)?.[1].title;
  const doing = endedAt === undefined ? `${title ?? where}${tries}` : endOf(state);
  const driver = [facts?.driver, facts?.accelerator].filter(Boolean).join(', ');
  const size = facts?.cpu === undefined ? undefined : `${facts.cpu} CPU · ${facts.memoryMiB} MiB`;
  const address = context['address'];
  const all: readonly (readonly [string, string | undefined])[] = [
    ['Driver', driver],
    ['Image', facts?.image],
    ['Size', size],
    ['Address', typeof address === 'string' ? address : undefined],
    ['Began', clock(firstAt)],
    ['Age', duration((endedAt ?? moment) - firstAt)],
  ];
  const shown = all.filter((each): each is readonly [string, string] => Boolean(each[1]));
  return { name: facts?.vm ?? '', status: statusWord(state), doing, facts: shown };
}

function endOf({ context }: VmState): string {
  const problems = (context['problems'] ?? []) as readonly string[];
  const reason = words(context['disposeReason'] ?? 'ended');
  return problems.length === 0
    ? `${reason}; nothing was left behind`
    : `${reason}; left: ${problems.join('; ')}`;
}
