import { vmChart } from '../../chart/index.ts';
import type { Visit } from '../../records.ts';
import { byId, el } from '../dom.ts';
import { duration, limit } from '../format.ts';
import type { Store } from '../store.ts';
import type { VmState } from '../vm-state.ts';
import { type Span, TimeScale } from './time-scale.ts';

const MOST_TICKS = 6;
/** The states that mean something to people. */
const TITLED = vmChart.nodes.filter(({ title }) => title !== undefined);

interface Row {
  readonly id: string;
  readonly key: string;
  readonly title: string;
  readonly visits: readonly Visit[];
  /** How often it was tried. */
  readonly tries: number;
  /** How often it was looked for something that was not there yet: that is no failure. */
  readonly looks: number;
  readonly ms: number;
  readonly deadlineMs: number | undefined;
  readonly slowAfterMs: number | undefined;
  readonly isActive: boolean;
  readonly isSkipped: boolean;
  readonly hasFailed: boolean;
}

/** Draws how long each state lasted, against its deadline. */
export function waterfall(store: Store): () => void {
  const table = byId('waterfall');
  let drawn = '';
  return () => {
    const state = store.shown;
    if (!state?.facts) return;
    const moment = state.endedAt ?? store.choices.moment ?? Math.max(Date.now(), state.lastAt);
    const rows = rowsOf(state, store.connection === 'ended' ? state.lastAt : moment);
    const key = JSON.stringify([state.facts.vm, rows, Math.round(moment / 200)]);
    if (key === drawn) return;
    drawn = key;
    const scale = scaleOf(state, rows, moment);
    byId('time-total').textContent = totalOf(state, rows);
    table.replaceChildren(axis(scale), ...rows.map((row) => rowOf(row, scale, moment)));
  };
}

function rowsOf(state: VmState, moment: number): readonly Row[] {
  const { states, active } = state.path;
  const failedStep = state.failure?.['step'];
  return TITLED.map(({ id, key, title = key }) => {
    const { visits = [], totalMs = 0 } = states[id] ?? {};
    const isActive = active.includes(id);
    const last = visits.at(-1);
    const worked = Object.keys(states).filter((each) => each.startsWith(`${id}.`));
    const facts = state.facts?.states[id];
    return {
      id,
      key,
      title,
      visits,
      isActive,
      tries: 1 + (states[`${id}.backing-off`]?.count ?? 0),
      looks: states[`${id}.waiting`]?.count ?? 0,
      ms: totalMs + (isActive && last ? moment - last.from : 0),
      deadlineMs: facts?.deadlineMs,
      slowAfterMs: facts?.slowAfterMs,
      isSkipped:
        !isActive &&
        visits.length > 0 &&
        worked.every((each) => /\.(deciding|done)$/.test(each)) &&
        worked.length > 0,
      hasFailed: key === failedStep,
    };
  }).filter(({ key, visits }) => visits.length > 0 || !['failed', 'prepared'].includes(key));
}

function scaleOf(state: VmState, rows: readonly Row[], moment: number): TimeScale {
  const healthy = rows.find(({ key }) => key === 'healthy')?.visits.at(0);
  const to = Math.max(state.endedAt ?? moment, state.firstAt + 1_000);
  const rest: Span | undefined = healthy && { from: healthy.from, to: healthy.to ?? to };
  return new TimeScale({ from: state.firstAt, to }, rest);
}

function totalOf({ firstAt, failedAt }: VmState, rows: readonly Row[]): string {
  const ready = rows.find(({ key }) => key === 'healthy')?.visits[0]?.from;
  if (ready !== undefined) return `ready after ${duration(ready - firstAt)}`;
  return failedAt === undefined ? 'booting' : `failed after ${duration(failedAt - firstAt)}`;
}

function axis(scale: TimeScale): HTMLElement {
  const ticks = scale.ticks(MOST_TICKS).map((ms) => {
    const tick = el('span', { class: 'tick' }, ms === 0 ? '0' : duration(ms).replace('.0 s', ' s'));
    tick.style.left = percent(scale.at(scale.span.from + ms));
    return tick;
  });
  return el(
    'div',
    { class: 'wf-row wf-axis', role: 'row' },
    el('span', { class: 'wf-name', role: 'columnheader' }, 'State'),
    el('span', { class: 'wf-track', role: 'columnheader', 'aria-label': 'Time' }, ...ticks),
    el('span', { class: 'wf-time', role: 'columnheader' }, 'Took, of at most'),
  );
}

function rowOf(row: Row, scale: TimeScale, moment: number): HTMLElement {
  const kind = row.hasFailed
    ? 'failed'
    : row.isActive
      ? 'active'
      : row.visits.length === 0
        ? 'waiting'
        : 'done';
  const bars = row.visits.map((visit) => bar(row, visit, scale, moment));
  const retries = row.tries > 1 ? el('span', { class: 'tries' }, `×${row.tries}`) : null;
  const title = row.looks > 0 ? `${row.title}: looked ${row.looks} times` : row.title;
  return el(
    'div',
    { class: 'wf-row', role: 'row', 'data-kind': kind, title },
    el('span', { class: 'wf-name', role: 'rowheader' }, row.key, retries),
    el('span', { class: 'wf-track', role: 'cell' }, ...bars, deadlineMark(row, scale)),
    el('span', { class: 'wf-time', role: 'cell' }, ...times(row)),
  );
}

function bar(row: Row, { from, to }: Visit, scale: TimeScale, moment: number): HTMLElement {
  const end = to ?? moment;
  const isCut = scale.cut !== undefined && from <= scale.cut.from && end >= scale.cut.to;
  const drawn = el('span', { class: isCut ? 'bar is-cut' : 'bar' });
  drawn.style.left = percent(scale.at(from));
  drawn.style.width = percent(Math.max(0, scale.at(end) - scale.at(from)));
  if (row.slowAfterMs !== undefined && end - from > row.slowAfterMs) drawn.classList.add('is-slow');
  return drawn;
}

/** Where the deadline is, if that is in the picture. */
function deadlineMark(
  { visits, deadlineMs, isActive, hasFailed }: Row,
  scale: TimeScale,
): HTMLElement | null {
  const last = visits.at(-1);
  if (!last || deadlineMs === undefined || !(isActive || hasFailed)) return null;
  const at = last.from + deadlineMs;
  if (at > scale.span.to) return null;
  const mark = el('span', { class: 'deadline', title: `deadline: ${limit(deadlineMs)}` });
  mark.style.left = percent(scale.at(at));
  return mark;
}

function times({ visits, ms, deadlineMs, isSkipped, key }: Row): (HTMLElement | string)[] {
  if (visits.length === 0)
    return [el('span', { class: 'muted' }, deadlineMs === undefined ? '–' : `≤ ${limit(deadlineMs)}`)];
  if (isSkipped) return [el('span', { class: 'muted' }, 'skipped')];
  if (deadlineMs === undefined || key === 'healthy') return [duration(ms)];
  const share = Math.min(1, ms / deadlineMs);
  const meter = el('span', { class: share > 0.8 ? 'meter is-close' : 'meter' }, el('span', {}));
  (meter.firstElementChild as HTMLElement).style.width = percent(share);
  const of = el('span', { class: 'muted' }, ` / ${limit(deadlineMs)}`);
  return [el('span', {}, duration(ms), of), meter];
}

const percent = (share: number): string => `${(share * 100).toFixed(3)}%`;
