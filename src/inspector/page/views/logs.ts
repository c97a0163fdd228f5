import type { LogSource } from '../../records.ts';
import { el } from '../dom.ts';
import type { Store } from '../store.ts';
import { follower } from './follow.ts';
import type { MakePanel, Panel } from './panel.ts';

const NOTHING: Readonly<Record<LogSource, string>> = {
  console: 'The console has said nothing yet.',
  harness: 'The harness has said nothing yet: it is started last.',
  substrate: 'Nothing was logged of this VM yet.',
};

/** Shows what somebody has said. */
export const logPanel =
  (source: LogSource, title: string): MakePanel =>
  (store: Store): Panel => {
    const text = el('pre', { class: 'log', tabindex: 0, role: 'log', 'aria-label': title });
    const none = el('p', { class: 'muted none' }, NOTHING[source]);
    const follow = follower(text);
    const element = el('div', { class: 'log-panel' }, none, text, follow.button);
    let key: readonly string[] | undefined;
    const lines = () => store.shown?.lines.get(source);
    return {
      id: source,
      title,
      element,
      badge: () => (lines()?.length ? '•' : ''),
      draw: () => {
        const said = lines();
        none.hidden = said !== undefined;
        text.hidden = said === undefined;
        if (said === key) return;
        key = said;
        text.textContent = said?.join('\n') ?? '';
        follow.settle();
      },
    };
  };
