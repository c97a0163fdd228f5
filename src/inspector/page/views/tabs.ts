import { byId, el } from '../dom.ts';
import type { Store } from '../store.ts';
import type { Panel } from './panel.ts';

/** Shows one panel at a time. */
export function tabs(store: Store, panels: readonly Panel[]): () => void {
  const bar = byId('tabs');
  const box = byId('panel');
  const buttons = panels.map((panel, index) => {
    const badge = el('span', { class: 'badge', 'aria-hidden': 'true' });
    const button = el(
      'button',
      {
        type: 'button',
        role: 'tab',
        id: `tab-${panel.id}`,
        'aria-controls': 'panel',
        title: `${panel.title} (${index + 1})`,
      },
      panel.title,
      badge,
    );
    button.addEventListener('click', () => store.choose({ tab: panel.id }));
    return { button, badge };
  });
  bar.append(...buttons.map(({ button }) => button));
  bar.addEventListener('keydown', (event) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const index = panels.findIndex(({ id }) => id === store.choices.tab);
    const next = panels[(index + step + panels.length) % panels.length];
    if (!next) return;
    store.choose({ tab: next.id });
    byId(`tab-${next.id}`).focus();
  });
  let seen: Panel | undefined;
  return () => {
    const chosen = panels.find(({ id }) => id === store.choices.tab) ?? panels[0];
    if (!chosen) return;
    panels.forEach((panel, index) => {
      const isChosen = panel === chosen;
      const { button, badge } = buttons[index] ?? {};
      button?.setAttribute('aria-selected', String(isChosen));
      button?.setAttribute('tabindex', isChosen ? '0' : '-1');
      if (badge) badge.textContent = isChosen ? '' : (panel.badge?.() ?? '');
    });
    if (seen !== chosen) {
      seen = chosen;
      box.replaceChildren(chosen.element);
      box.setAttribute('aria-labelledby', `tab-${chosen.id}`);
    }
    chosen.draw();
  };
}
