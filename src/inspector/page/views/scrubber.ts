import { byId, el } from '../dom.ts';
import { duration, offset } from '../format.ts';
import type { History } from '../history.ts';
import type { Store } from '../store.ts';

const TICK_MS = 100;
const SPEEDS = [1, 4, 16] as const;

/** Goes back to any moment of a VM's life, and plays from there. */
export function scrubber(store: Store): {
  readonly draw: () => void;
  readonly step: (by: 1 | -1) => void;
  readonly toggle: () => void;
} {
  const box = byId('scrubber');
  const range = el('input', { type: 'range', min: 0, step: 1, 'aria-label': 'Moment' });
  const play = el(
    'button',
    { type: 'button', class: 'play', 'aria-label': 'Play', title: 'Play (space)' },
    '▶',
  );
  const speed = el('button', { type: 'button', class: 'speed', title: 'Speed' }, '×1');
  const where = el('output', { class: 'moment' });
  const live = el('button', { type: 'button', class: 'to-now', title: 'The present (0)' }, 'Now');
  box.append(play, speed, range, where, live);
  let factor: (typeof SPEEDS)[number] = 1;
  const go = (moment: number | undefined) => store.choose({ moment, playing: false });
  range.addEventListener('input', () => {
    const { selected } = store;
    if (selected) go(selected.now.firstAt + Number(range.value));
  });
  live.addEventListener('click', () => go(undefined));
  speed.addEventListener('click', () => {
    factor = SPEEDS[(SPEEDS.indexOf(factor) + 1) % SPEEDS.length] ?? 1;
    speed.textContent = `×${factor}`;
  });
  const toggle = () => {
    const { selected } = store;
    if (!selected) return;
    const isAtEnd = store.choices.moment === undefined || store.choices.moment >= selected.now.lastAt;
    const from = isAtEnd ? selected.now.firstAt : store.choices.moment;
    store.choose({ playing: !store.choices.playing, moment: from });
  };
  play.addEventListener('click', toggle);
  setInterval(() => advance(store, TICK_MS * factor), TICK_MS);
  const step = (by: 1 | -1) => {
    const { selected } = store;
    if (selected) go(neighbour(selected, store.choices.moment ?? selected.now.lastAt, by));
  };
  return { draw: () => draw(store, { range, play, where, live }), step, toggle };
}

interface Controls {
  readonly range: HTMLInputElement;
  readonly play: HTMLElement;
  readonly where: HTMLElement;
  readonly live: HTMLButtonElement;
}

function draw(store: Store, { range, play, where, live }: Controls): void {
  const { selected, choices, connection } = store;
  if (!selected) return;
  const { firstAt, lastAt } = selected.now;
  const isPast = choices.moment !== undefined;
  range.max = String(Math.max(1, lastAt - firstAt));
  const at = (choices.moment ?? lastAt) - firstAt;
  range.value = String(at);
  range.setAttribute('aria-valuetext', `${duration(at)} after the beginning`);
  play.textContent = choices.playing ? '❚❚' : '▶';
  play.setAttribute('aria-label', choices.playing ? 'Pause' : 'Play');
  where.textContent = `${offset(at)} s`;
  live.textContent = connection === 'live' ? 'Live' : 'End';
  live.setAttribute('aria-pressed', String(!isPast));
  document.body.classList.toggle('is-past', isPast);
}

function advance(store: Store, by: number): void {
  const { choices, selected } = store;
  if (!choices.playing || !selected || choices.moment === undefined) return;
  const next = choices.moment + by;
  if (next >= selected.now.lastAt) store.choose({ moment: undefined, playing: false });
  else store.choose({ moment: next });
}

/** The moment of the microstep before or after this one. */
function neighbour({ records, now }: History, moment: number, by: 1 | -1): number | undefined {
  const steps = [...new Set(records.filter(({ kind }) => kind === 'microstep').map(({ at }) => at))];
  if (by === 1) {
    const next = steps.find((at) => at > moment);
    return next === undefined || next >= now.lastAt ? undefined : next;
  }
  return steps.findLast((at) => at < moment) ?? now.firstAt;
}
