import { byId, setText } from './dom.ts';
import { keys } from './keys.ts';
import { connect, watch } from './sources.ts';
import { type Connection, Store } from './store.ts';
import { chartView } from './views/chart-view.ts';
import { context } from './views/context.ts';
import { failure } from './views/failure.ts';
import { logPanel } from './views/logs.ts';
import { scrubber } from './views/scrubber.ts';
import { stream } from './views/stream.ts';
import { summary } from './views/summary.ts';
import { tabs } from './views/tabs.ts';
import { vmList } from './views/vm-list.ts';
import { waterfall } from './views/waterfall.ts';

/** Durations grow while nothing else happens. */
const TICK_MS = 250;

const CONNECTIONS: Readonly<Record<Connection, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Connection lost: trying again',
  ended: 'The program has ended',
  recording: 'Recording',
};

function start(): void {
  const store = new Store();
  const panels = [
    stream(store),
    context(store),
    logPanel('console', 'Console')(store),
    logPanel('harness', 'Harness')(store),
    logPanel('substrate', 'Log')(store),
  ];
  const chart = chartView(store);
  const time = scrubber(store);
  const views = [
    vmList(store),
    summary(store),
    failure(store),
    time.draw,
    chart.draw,
    waterfall(store),
    tabs(store, panels),
  ];
  const draw = () => {
    frame(store);
    if (store.selected) for (const view of views) view();
  };
  store.onChange(draw);
  keys({ store, zoom: chart.zoom, tabs: panels.map(({ id }) => id), step: time.step, toggle: time.toggle });
  setInterval(() => {
    if (!document.hidden && (store.connection === 'live' || store.connection === 'lost')) store.changed();
  }, TICK_MS);
  connect(store).catch(() => {
    store.connection = 'lost';
    store.changed();
  });
  store.changed();
}

/** What is around the VM that is shown. */
function frame(store: Store): void {
  const { connection, choices, selected, title } = store;
  document.body.dataset['connection'] = connection;
  setText(byId('connection'), CONNECTIONS[connection]);
  setText(byId('origin'), title);
  byId('empty').hidden = selected !== undefined;
  byId('vm-view').hidden = selected === undefined;
  document.title = selected ? `${selected.name} · ${selected.now.status} · VM inspector` : 'VM inspector';
  const log = store.histories.get('')?.now.lines.get('substrate');
  byId('program-log').hidden = log === undefined;
  setText(byId('program-log'), log?.slice(-12).join('\n') ?? '');
  if (choices.vm !== undefined) watch(store, choices.vm);
}

start();
